"""Single sign-on: the people of a workspace sign in at their company's own OpenID Connect provider."""
