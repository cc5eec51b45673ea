"""The names of the routes that cost something, as faults, bills and rules know them: those of OpenAI's own clients."""

CHAT = "chat.completions"
RESPONSES = "responses"
EMBEDDINGS = "embeddings"
IMAGES = "images.generate"
IMAGE_EDITS = "images.edit"
SPEECH = "audio.speech"
TRANSCRIPTIONS = "audio.transcriptions"

PAID = frozenset({CHAT, RESPONSES, EMBEDDINGS, IMAGES, IMAGE_EDITS, SPEECH, TRANSCRIPTIONS})
