"""The help centre's interface in six languages. Another language's pages have the English words.

A new text is one entry of `TEXTS` with all of `LANGUAGES`; a value stands in braces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

LANGUAGES = ("en", "es", "fr", "de", "pt", "it")
FALLBACK = "en"
LOCALES = {"en": "en-gb"}  # whose dates Django writes, where it isn't the language itself

TEXTS: dict[str, tuple[str, ...]] = {
    "help": ("Help", "Ayuda", "Aide", "Hilfe", "Ajuda", "Assistenza"),
    "help_of": (
        "Help centre of {name}",
        "Centro de ayuda de {name}",
        "Centre d'aide de {name}",
        "Hilfe-Center von {name}",
        "Central de ajuda de {name}",
        "Centro assistenza di {name}",
    ),
    "skip": (
        "Skip to the content",
        "Ir al contenido",
        "Aller au contenu",
        "Zum Inhalt springen",
        "Ir para o conteúdo",
        "Vai al contenuto",
    ),
    "how_can_we_help": (
        "How can we help?",
        "¿En qué podemos ayudarle?",
        "Comment pouvons-nous vous aider ?",
        "Wie können wir helfen?",
        "Como podemos ajudar?",
        "Come possiamo aiutarla?",
    ),
    "lead": (
        "Search our answers or choose a topic.",
        "Busque entre nuestras respuestas o elija un tema.",
        "Cherchez dans nos réponses ou choisissez un thème.",
        "Durchsuchen Sie unsere Antworten oder wählen Sie ein Thema.",
        "Pesquise nas nossas respostas ou escolha um tema.",
        "Cerchi tra le nostre risposte o scelga un argomento.",
    ),
    "search": ("Search", "Buscar", "Rechercher", "Suchen", "Pesquisar", "Cerca"),
    "search_label": (
        "Search the help centre",
        "Buscar en el centro de ayuda",
        "Rechercher dans le centre d'aide",
        "Hilfe-Center durchsuchen",
        "Pesquisar na central de ajuda",
        "Cerca nel centro assistenza",
    ),
    "results_for": (
        "Results for “{query}”",
        "Resultados de «{query}»",
        "Résultats pour « {query} »",
        "Ergebnisse für „{query}“",
        "Resultados para “{query}”",
        "Risultati per “{query}”",
    ),
    "result": ("1 result", "1 resultado", "1 résultat", "1 Ergebnis", "1 resultado", "1 risultato"),
    "results": (
        "{number} results",
        "{number} resultados",
        "{number} résultats",
        "{number} Ergebnisse",
        "{number} resultados",
        "{number} risultati",
    ),
    "no_results": (
        "Nothing found for “{query}”.",
        "No hay nada sobre «{query}».",
        "Rien trouvé pour « {query} ».",
        "Nichts gefunden für „{query}“.",
        "Nada encontrado para “{query}”.",
        "Nessun risultato per “{query}”.",
    ),
    "no_results_hint": (
        "Try fewer or other words, or look through the topics.",
        "Pruebe con menos palabras u otras, o mire los temas.",
        "Essayez avec moins de mots ou d'autres, ou parcourez les thèmes.",
        "Versuchen Sie es mit weniger oder anderen Wörtern, oder sehen Sie die Themen durch.",
        "Tente com menos palavras ou outras, ou veja os temas.",
        "Provi con meno parole o con altre, oppure sfogli gli argomenti.",
    ),
    "topics": ("Topics", "Temas", "Thèmes", "Themen", "Temas", "Argomenti"),
    "more_topics": (
        "More answers",
        "Más respuestas",
        "Autres réponses",
        "Weitere Antworten",
        "Mais respostas",
        "Altre risposte",
    ),
    "article": ("1 article", "1 artículo", "1 article", "1 Artikel", "1 artigo", "1 articolo"),
    "articles": (
        "{number} articles",
        "{number} artículos",
        "{number} articles",
        "{number} Artikel",
        "{number} artigos",
        "{number} articoli",
    ),
    "empty": (
        "There are no articles yet.",
        "Todavía no hay artículos.",
        "Il n'y a pas encore d'articles.",
        "Es gibt noch keine Artikel.",
        "Ainda não há artigos.",
        "Non ci sono ancora articoli.",
    ),
    "breadcrumb": ("Breadcrumb", "Ruta", "Fil d'Ariane", "Pfad", "Caminho", "Percorso"),
    "on_this_page": (
        "On this page",
        "En esta página",
        "Sur cette page",
        "Auf dieser Seite",
        "Nesta página",
        "In questa pagina",
    ),
    "updated": ("Updated on", "Actualizado el", "Mis à jour le", "Aktualisiert am", "Atualizado em", "Aggiornato il"),
    "related": (
        "Related articles",
        "Artículos relacionados",
        "Articles liés",
        "Verwandte Artikel",
        "Artigos relacionados",
        "Articoli correlati",
    ),
    "still_stuck": (
        "Still need help?",
        "¿Necesita más ayuda?",
        "Besoin d'aide ?",
        "Noch Fragen?",
        "Ainda precisa de ajuda?",
        "Serve ancora aiuto?",
    ),
    "still_stuck_hint": (
        "Ask us in the chat. A person is one tap away.",
        "Pregúntenos en el chat. Una persona está a un toque.",
        "Posez votre question dans le chat. Une personne est à portée de clic.",
        "Fragen Sie uns im Chat. Ein Mensch ist nur einen Klick entfernt.",
        "Pergunte-nos no chat. Uma pessoa está a um toque de distância.",
        "Ci scriva in chat. Una persona è a portata di clic.",
    ),
    "open_chat": (
        "Open the chat",
        "Abrir el chat",
        "Ouvrir le chat",
        "Chat öffnen",
        "Abrir o chat",
        "Apri la chat",
    ),
    "all_of": (
        "All about “{topic}”",
        "Todo sobre «{topic}»",
        "Tout sur « {topic} »",
        "Alles zu „{topic}“",
        "Tudo sobre “{topic}”",
        "Tutto su “{topic}”",
    ),
    "choose_language": ("Language", "Idioma", "Langue", "Sprache", "Idioma", "Lingua"),
    "was_it_helpful": (
        "Was this helpful?",
        "¿Le ha sido útil?",
        "Cet article vous a-t-il aidé ?",
        "War das hilfreich?",
        "Isto foi útil?",
        "È stato utile?",
    ),
    "yes": ("Yes", "Sí", "Oui", "Ja", "Sim", "Sì"),
    "no": ("No", "No", "Non", "Nein", "Não", "No"),
    "what_was_missing": (
        "What was missing? (optional)",
        "¿Qué faltaba? (opcional)",
        "Que manquait-il ? (facultatif)",
        "Was hat gefehlt? (freiwillig)",
        "O que faltou? (opcional)",
        "Che cosa mancava? (facoltativo)",
    ),
    "no_personal_data": (
        "Please no personal data.",
        "Sin datos personales, por favor.",
        "Sans données personnelles, s'il vous plaît.",
        "Bitte keine persönlichen Daten.",
        "Sem dados pessoais, por favor.",
        "Senza dati personali, per favore.",
    ),
    "send": ("Send", "Enviar", "Envoyer", "Senden", "Enviar", "Invia"),
    "thanks": (
        "Thank you for telling us.",
        "Gracias por decírnoslo.",
        "Merci de nous l'avoir dit.",
        "Danke für die Rückmeldung.",
        "Obrigado por nos dizer.",
        "Grazie per avercelo detto.",
    ),
    "too_often": (
        "That was a lot at once. Please try again in an hour.",
        "Han sido demasiadas a la vez. Inténtelo de nuevo dentro de una hora.",
        "Cela fait beaucoup à la fois. Réessayez dans une heure.",
        "Das war viel auf einmal. Bitte versuchen Sie es in einer Stunde wieder.",
        "Foram muitas de uma vez. Tente novamente dentro de uma hora.",
        "Troppe risposte in una volta. Riprovi tra un'ora.",
    ),
    "back_to_article": (
        "Back to the article",
        "Volver al artículo",
        "Retour à l'article",
        "Zurück zum Artikel",
        "Voltar ao artigo",
        "Torna all'articolo",
    ),
    "not_found": (
        "This page isn't here",
        "Esta página no está aquí",
        "Cette page n'est pas ici",
        "Diese Seite gibt es hier nicht",
        "Esta página não está aqui",
        "Questa pagina non è qui",
    ),
    "not_found_hint": (
        "It may have moved. Search for it, or start from the topics.",
        "Quizá se haya movido. Búsquela o empiece por los temas.",
        "Elle a peut-être changé d'adresse. Cherchez-la ou partez des thèmes.",
        "Vielleicht ist sie umgezogen. Suchen Sie danach oder beginnen Sie bei den Themen.",
        "Pode ter mudado de lugar. Pesquise ou comece pelos temas.",
        "Forse è stata spostata. La cerchi o parta dagli argomenti.",
    ),
    "did_you_mean": (
        "Perhaps you were looking for",
        "Quizá buscaba",
        "Vous cherchiez peut-être",
        "Vielleicht suchten Sie",
        "Talvez procurasse",
        "Forse cercava",
    ),
    "pages": ("Pages", "Páginas", "Pages", "Seiten", "Páginas", "Pagine"),
    "previous": ("Previous", "Anterior", "Précédente", "Vorige", "Anterior", "Precedente"),
    "next": ("Next", "Siguiente", "Suivante", "Nächste", "Seguinte", "Successiva"),
}


class Words(Mapping[str, str]):
    """The texts of one language; a template reads them as `words.search`."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else FALLBACK
        self.locale = LOCALES.get(self.language, self.language)

    def __getitem__(self, name: str) -> str:
        return TEXTS[name][LANGUAGES.index(self.language)]

    def __iter__(self) -> Iterator[str]:
        return iter(TEXTS)

    def __len__(self) -> int:
        return len(TEXTS)

    def counted(self, name: str, number: int) -> str:
        """`article` or `result` with how many there are."""
        return self[name] if number == 1 else self[f"{name}s"].format(number=number)
