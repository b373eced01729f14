"""The public help centre of each workspace: pages for people and for search engines."""
