"""The fixed sentences that a customer reads, in six languages. Knows no conversation.

A new sentence is one entry of `SENTENCES` with all of `LANGUAGES`; values stand in braces and are the same in each.
"""

from __future__ import annotations

LANGUAGES = ("en", "es", "fr", "de", "pt", "it")
FALLBACK = "en"

SENTENCES: dict[str, dict[str, str]] = {
    "hand_off": {
        "en": "I'm passing this to a colleague, who has our conversation and answers here.",
        "es": "Paso esto a un compañero, que tiene nuestra conversación y responde aquí.",
        "fr": "Je transmets ceci à un collègue, qui a notre conversation et répond ici.",
        "de": "Ich gebe das an einen Kollegen weiter, der unser Gespräch vor sich hat und hier antwortet.",
        "pt": "Vou passar isto a um colega, que tem a nossa conversa e responde aqui.",
        "it": "Passo la richiesta a un collega, che ha la nostra conversazione e risponde qui.",
    },
    "hand_off_asked": {
        "en": "Of course. I'm passing you to a colleague, who has our conversation and answers here.",
        "es": "Por supuesto. Le paso con un compañero, que tiene nuestra conversación y responde aquí.",
        "fr": "Bien sûr. Je vous passe un collègue, qui a notre conversation et répond ici.",
        "de": "Gerne. Ich gebe Sie an einen Kollegen weiter, der unser Gespräch vor sich hat und hier antwortet.",
        "pt": "Claro. Vou passar a um colega, que tem a nossa conversa e responde aqui.",
        "it": "Certo. La passo a un collega, che ha la nostra conversazione e risponde qui.",
    },
    "hand_off_unsure": {
        "en": "I'd rather not guess, so I'm passing this to a colleague, who has our conversation and answers here.",
        "es": "Prefiero no adivinar, así que paso esto a un compañero, que tiene nuestra conversación y responde aquí.",
        "fr": "Je préfère ne pas deviner : je transmets à un collègue, qui a notre conversation et répond ici.",
        "de": "Ich rate lieber nicht und gebe das an einen Kollegen weiter, der das Gespräch sieht und hier antwortet.",
        "pt": "Prefiro não adivinhar, por isso passo isto a um colega, que tem a nossa conversa e responde aqui.",
        "it": "Preferisco non tirare a indovinare: passo tutto a un collega, che ha la conversazione e risponde qui.",
    },
    "hand_off_repeated": {
        "en": "I'm not getting you any further, so I'm passing this to a colleague, who answers here.",
        "es": "No consigo ayudarle más, así que paso esto a un compañero, que responde aquí.",
        "fr": "Je n'arrive pas à vous aider davantage : je transmets à un collègue, qui répond ici.",
        "de": "Ich komme hier nicht weiter und gebe das an einen Kollegen weiter, der hier antwortet.",
        "pt": "Não consigo ajudar mais, por isso passo isto a um colega, que responde aqui.",
        "it": "Non riesco ad aiutarla oltre, quindi passo la richiesta a un collega, che risponde qui.",
    },
    "hand_off_failed": {
        "en": "Something went wrong on my side, so I'm passing this to a colleague, who answers here.",
        "es": "Algo ha fallado por mi parte, así que paso esto a un compañero, que responde aquí.",
        "fr": "Un problème est survenu de mon côté : je transmets à un collègue, qui répond ici.",
        "de": "Bei mir ist etwas schiefgegangen. Ich gebe das an einen Kollegen weiter, der hier antwortet.",
        "pt": "Algo correu mal do meu lado, por isso passo isto a um colega, que responde aqui.",
        "it": "Qualcosa è andato storto da parte mia, quindi passo la richiesta a un collega, che risponde qui.",
    },
    "hand_off_angry": {
        "en": "I'm sorry about this. I'm passing you to a colleague, who has our conversation and answers here.",
        "es": "Lo siento. Le paso con un compañero, que tiene nuestra conversación y responde aquí.",
        "fr": "Je suis désolé. Je vous passe un collègue, qui a notre conversation et répond ici.",
        "de": "Das tut mir leid. Ich gebe Sie an einen Kollegen weiter, der unser Gespräch sieht und hier antwortet.",
        "pt": "Lamento o sucedido. Vou passar a um colega, que tem a nossa conversa e responde aqui.",
        "it": "Mi dispiace. La passo a un collega, che ha la nostra conversazione e risponde qui.",
    },
    "hand_off_reserved": {
        "en": "My colleagues look after this themselves, so I'm passing it on. One of them answers here.",
        "es": "De esto se ocupan mis compañeros, así que se lo paso. Uno de ellos responde aquí.",
        "fr": "Mes collègues s'en occupent eux-mêmes, je leur transmets donc. L'un d'eux répond ici.",
        "de": "Darum kümmern sich meine Kollegen selbst, deshalb gebe ich es weiter. Jemand von ihnen antwortet hier.",
        "pt": "Os meus colegas tratam disto pessoalmente, por isso passo-lhes o pedido. Um deles responde aqui.",
        "it": "Di questo si occupano i miei colleghi, quindi passo a loro la richiesta. Uno di loro risponde qui.",
    },
    "hand_off_not_helped": {
        "en": "Sorry that my answer did not help. I'm passing this to a colleague, who answers here.",
        "es": "Siento que mi respuesta no le haya ayudado. Paso esto a un compañero, que responde aquí.",
        "fr": "Désolé que ma réponse n'ait pas aidé. Je transmets à un collègue, qui répond ici.",
        "de": "Schade, dass meine Antwort nicht geholfen hat. Ich gebe das an Kollegen weiter, die hier antworten.",
        "pt": "Lamento que a minha resposta não tenha ajudado. Passo isto a um colega, que responde aqui.",
        "it": "Mi spiace che la mia risposta non sia servita. Passo la richiesta a un collega, che risponde qui.",
    },
    "hand_off_unsupported": {
        "en": "I can't answer that for certain, so I'm passing this to a colleague, who answers here.",
        "es": "No puedo responder a eso con certeza, así que paso esto a un compañero, que responde aquí.",
        "fr": "Je ne peux pas y répondre avec certitude : je transmets à un collègue, qui répond ici.",
        "de": "Das kann ich nicht sicher beantworten und gebe es an einen Kollegen weiter, der hier antwortet.",
        "pt": "Não consigo responder a isso com certeza, por isso passo isto a um colega, que responde aqui.",
        "it": "Non posso rispondere con certezza, quindi passo la richiesta a un collega, che risponde qui.",
    },
    "off_topic": {
        "en": "I can't help with that here. I answer questions about {shop}; what can I do for you there?",
        "es": "Aquí no puedo ayudarle con eso. Respondo preguntas sobre {shop}; ¿qué puedo hacer por usted?",
        "fr": "Je ne peux pas vous aider pour cela ici. Je réponds aux questions sur {shop} : que puis-je faire ?",
        "de": "Dabei kann ich hier nicht helfen. Ich beantworte Fragen zu {shop}; was kann ich dort für Sie tun?",
        "pt": "Não posso ajudar com isso aqui. Respondo a perguntas sobre {shop}; em que posso ajudar?",
        "it": "Qui non posso aiutarla in questo. Rispondo a domande su {shop}; come posso aiutarla?",
    },
    "order_needed": {
        "en": "Which order is it about? Please send me the order number; it is in your confirmation e-mail.",
        "es": "¿De qué pedido se trata? Envíeme su número; está en el correo de confirmación.",
        "fr": "De quelle commande s'agit-il ? Envoyez-moi son numéro ; il est dans l'e-mail de confirmation.",
        "de": "Um welche Bestellung geht es? Bitte senden Sie mir die Nummer; sie steht in der Bestätigungs-E-Mail.",
        "pt": "De que encomenda se trata? Envie-me o número; está no e-mail de confirmação.",
        "it": "Di quale ordine si tratta? Mi mandi il numero; è nell'e-mail di conferma.",
    },
    "unknown_order": {
        "en": "I can't find an order with the number {number}. Could you check it in your confirmation e-mail?",
        "es": "No encuentro ningún pedido con el número {number}. ¿Puede comprobarlo en el correo de confirmación?",
        "fr": "Je ne trouve pas de commande numéro {number}. Pouvez-vous vérifier dans l'e-mail de confirmation ?",
        "de": "Ich finde keine Bestellung mit der Nummer {number}. Sehen Sie bitte in der Bestätigungs-E-Mail nach?",
        "pt": "Não encontro nenhuma encomenda com o número {number}. Pode verificar no e-mail de confirmação?",
        "it": "Non trovo un ordine con il numero {number}. Può controllare nell'e-mail di conferma?",
    },
    "usually_minutes": {
        "en": "A reply usually comes within {count} minutes.",
        "es": "La respuesta suele llegar en menos de {count} minutos.",
        "fr": "Une réponse arrive en général en moins de {count} minutes.",
        "de": "Eine Antwort kommt meist innerhalb von {count} Minuten.",
        "pt": "A resposta costuma chegar em menos de {count} minutos.",
        "it": "Di solito la risposta arriva entro {count} minuti.",
    },
    "usually_hour": {
        "en": "A reply usually comes within an hour.",
        "es": "La respuesta suele llegar en menos de una hora.",
        "fr": "Une réponse arrive en général en moins d'une heure.",
        "de": "Eine Antwort kommt meist innerhalb einer Stunde.",
        "pt": "A resposta costuma chegar em menos de uma hora.",
        "it": "Di solito la risposta arriva entro un'ora.",
    },
    "usually_hours": {
        "en": "A reply usually comes within {count} hours.",
        "es": "La respuesta suele llegar en menos de {count} horas.",
        "fr": "Une réponse arrive en général en moins de {count} heures.",
        "de": "Eine Antwort kommt meist innerhalb von {count} Stunden.",
        "pt": "A resposta costuma chegar em menos de {count} horas.",
        "it": "Di solito la risposta arriva entro {count} ore.",
    },
    "back_today": {
        "en": "The team is back today at {time} ({zone}).",
        "es": "El equipo vuelve hoy a las {time} ({zone}).",
        "fr": "L'équipe est de retour aujourd'hui à {time} ({zone}).",
        "de": "Das Team ist heute um {time} Uhr ({zone}) wieder da.",
        "pt": "A equipa volta hoje às {time} ({zone}).",
        "it": "Il team torna oggi alle {time} ({zone}).",
    },
    "back_tomorrow": {
        "en": "The team is back tomorrow at {time} ({zone}).",
        "es": "El equipo vuelve mañana a las {time} ({zone}).",
        "fr": "L'équipe est de retour demain à {time} ({zone}).",
        "de": "Das Team ist morgen um {time} Uhr ({zone}) wieder da.",
        "pt": "A equipa volta amanhã às {time} ({zone}).",
        "it": "Il team torna domani alle {time} ({zone}).",
    },
    "back_on": {
        "en": "The team is back on {day} at {time} ({zone}).",
        "es": "El equipo vuelve el {day} a las {time} ({zone}).",
        "fr": "L'équipe est de retour le {day} à {time} ({zone}).",
        "de": "Das Team ist am {day} um {time} Uhr ({zone}) wieder da.",
        "pt": "A equipa volta em {day} às {time} ({zone}).",
        "it": "Il team torna {day} alle {time} ({zone}).",
    },
    "nobody_online": {
        "en": "Nobody of the team is online at this moment.",
        "es": "En este momento no hay nadie del equipo conectado.",
        "fr": "Personne de l'équipe n'est en ligne en ce moment.",
        "de": "Gerade ist niemand vom Team online.",
        "pt": "Neste momento não há ninguém da equipa online.",
        "it": "In questo momento nessuno del team è online.",
    },
    "here_until": {
        "en": "The team works today until {time} ({zone}).",
        "es": "El equipo trabaja hoy hasta las {time} ({zone}).",
        "fr": "L'équipe travaille aujourd'hui jusqu'à {time} ({zone}).",
        "de": "Das Team arbeitet heute bis {time} Uhr ({zone}).",
        "pt": "A equipa trabalha hoje até às {time} ({zone}).",
        "it": "Il team lavora oggi fino alle {time} ({zone}).",
    },
    "leave_email": {
        "en": "If you leave your e-mail address below, the answer also reaches you there.",
        "es": "Si deja abajo su dirección de correo, la respuesta también le llegará allí.",
        "fr": "Si vous laissez votre adresse e-mail ci-dessous, la réponse vous parviendra aussi par e-mail.",
        "de": "Wenn Sie unten Ihre E-Mail-Adresse angeben, erreicht Sie die Antwort auch dort.",
        "pt": "Se deixar abaixo o seu endereço de e-mail, a resposta também chega por e-mail.",
        "it": "Se lascia qui sotto il suo indirizzo e-mail, la risposta le arriverà anche lì.",
    },
    "email_goes": {
        "en": "The answer also goes to your e-mail address.",
        "es": "La respuesta también se enviará a su dirección de correo.",
        "fr": "La réponse vous sera aussi envoyée par e-mail.",
        "de": "Die Antwort geht auch an Ihre E-Mail-Adresse.",
        "pt": "A resposta também segue para o seu endereço de e-mail.",
        "it": "La risposta verrà inviata anche al suo indirizzo e-mail.",
    },
    "transcript_subject": {
        "en": "Your conversation with {workspace}",
        "es": "Su conversación con {workspace}",
        "fr": "Votre conversation avec {workspace}",
        "de": "Ihr Gespräch mit {workspace}",
        "pt": "A sua conversa com {workspace}",
        "it": "La sua conversazione con {workspace}",
    },
    "email_subject": {
        "en": "{workspace} has answered you",
        "es": "{workspace} le ha respondido",
        "fr": "{workspace} vous a répondu",
        "de": "{workspace} hat Ihnen geantwortet",
        "pt": "{workspace} respondeu-lhe",
        "it": "{workspace} le ha risposto",
    },
    "email_link": {
        "en": "Answer in the chat: {link}",
        "es": "Responda en el chat: {link}",
        "fr": "Répondez dans le chat : {link}",
        "de": "Antworten Sie im Chat: {link}",
        "pt": "Responda no chat: {link}",
        "it": "Risponda nella chat: {link}",
    },
    "masked": {
        "en": "For your safety we hid a part of this message. It was not saved.",
        "es": "Por su seguridad hemos ocultado una parte de este mensaje. No se ha guardado.",
        "fr": "Pour votre sécurité, une partie de ce message a été masquée. Elle n'a pas été enregistrée.",
        "de": "Zu Ihrer Sicherheit haben wir einen Teil dieser Nachricht verborgen. Er wurde nicht gespeichert.",
        "pt": "Para sua segurança, ocultámos uma parte desta mensagem. Não foi guardada.",
        "it": "Per la sua sicurezza abbiamo nascosto una parte di questo messaggio. Non è stata salvata.",
    },
}


def say(key: str, language: str, /, **values: object) -> str:
    """The sentence in this language ("de", "de-AT"), in English where the language is not one of ours."""
    translations = SENTENCES[key]
    sentence = translations.get(language.lower()[:2], translations[FALLBACK])
    return sentence.format(**values)
