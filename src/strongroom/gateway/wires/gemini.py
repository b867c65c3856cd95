"""Gemini, field by field: generateContent and its stream, countTokens, embedContent and batchEmbedContents.

Source: the Gemini API reference (v1beta) and the types of the official Python SDK (google-genai 3.4).

Must never: list a field as structural that a person writes prose into.
"""

from __future__ import annotations

from strongroom.gateway.wires.gemini_grounding import CITATIONS, GROUNDING
from strongroom.gateway.wires.gemini_parts import (
    CONTENT,
    SYSTEM_INSTRUCTION,
    S,
    answered_part,
    fixed,
    message,
    repeated,
)
from strongroom.gateway.wires.json_schema import SCHEMA
from strongroom.gateway.wires.table import Arr, Either, Node, Obj, binary, opaque, text

_WORDS = Either(string=text(), arr=Arr(text()))
_NOTHING = message({}, extra=S)

_VOICE: dict[str, Node] = {
    "voice": S,
    "prebuiltVoiceConfig": message(fixed("voiceName")),
    "replicatedVoiceConfig": message(
        {
            "mimeType": S,
            "voiceSampleAudio": binary("audio", "audio"),
            "consentAudio": binary("audio", "audio"),
            "voiceConsentSignature": message({"signature": opaque("a signature")}),
        }
    ),
}
_SPEECH = message(
    {
        "languageCode": S,
        "voiceConfig": message(_VOICE),
        "multiSpeakerVoiceConfig": message(
            {"speakerVoiceConfigs": repeated(message({"speaker": text(), "voiceConfig": message(_VOICE)}))}
        ),
    }
)
_MEDIA_FORMAT = message(
    fixed(
        "bitRate", "delivery", "mimeType", "sampleRate", "aspectRatio", "imageSize", "duration", "resolution",
        "gcsUri",
    )
)  # fmt: skip
_GENERATION = message(
    {
        **fixed(
            "audioTimestamp", "candidateCount", "enableAffectiveDialog", "enableEnhancedCivicAnswers",
            "frequencyPenalty", "logprobs", "maxOutputTokens", "mediaResolution", "presencePenalty",
            "responseLogprobs", "responseMimeType", "responseModalities", "seed", "temperature", "topK", "topP",
        ),
        "stopSequences": _WORDS,
        "responseSchema": SCHEMA,
        "responseJsonSchema": SCHEMA,
        "_responseJsonSchema": SCHEMA,
        "speechConfig": _SPEECH,
        "thinkingConfig": message(fixed("includeThoughts", "thinkingBudget", "thinkingLevel")),
        "imageConfig": message(fixed("aspectRatio", "imageSize")),
        "translationConfig": message(fixed("echoTargetLanguage", "targetLanguageCode")),
        "audioTranscriptionConfig": message(
            {
                **fixed("languageCodes", "wordTimestamp", "diarization", "mode"),
                "languageAuto": _NOTHING,
                "languageHints": message(fixed("languageCodes")),
                "customVocabulary": _WORDS,
                "adaptationPhrases": _WORDS,
                "sourceText": text(),
            }
        ),
        "responseFormat": repeated(
            message(
                {
                    **dict.fromkeys(("audio", "image", "video"), _MEDIA_FORMAT),
                    "text": message({"mimeType": S, "schema": SCHEMA}),
                }
            )
        ),
        "continuationToken": opaque("the model's state"),
    }
)  # fmt: skip

_FUNCTION = message(
    {
        **fixed("name", "behavior"),
        "description": text(),
        **dict.fromkeys(("parameters", "parametersJsonSchema", "response", "responseJsonSchema"), SCHEMA),
    }
)
_TOOL = message(
    {
        "functionDeclarations": repeated(_FUNCTION),
        "codeExecution": _NOTHING,
        "urlContext": _NOTHING,
        "googleSearch": message(
            {
                "searchTypes": message(dict.fromkeys(("webSearch", "imageSearch"), _NOTHING)),
                "timeRangeFilter": message(fixed("startTime", "endTime")),
            }
        ),
        "googleSearchRetrieval": message(
            {"dynamicRetrievalConfig": message(fixed("mode", "dynamicThreshold"))}
        ),
        "googleMaps": message(fixed("enableWidget")),
        "computerUse": message(
            fixed(
                "environment", "excludedPredefinedFunctions", "enablePromptInjectionDetection",
                "disabledSafetyPolicies",
            )
        ),
        "fileSearch": message({**fixed("fileSearchStoreNames", "topK"), "metadataFilter": text()}),
        "mcpServers": repeated(
            message(
                {
                    "name": S,
                    "streamableHttpTransport": message(
                        {
                            **fixed("sseReadTimeout", "terminateOnClose", "timeout"),
                            "url": text(),
                            "headers": Obj({}, extra=text()),
                        }
                    ),
                }
            )
        ),
    }
)  # fmt: skip

_REQUEST: dict[str, Node] = {
    **fixed("model", "cachedContent", "serviceTier", "store"),
    "contents": repeated(CONTENT),
    "systemInstruction": SYSTEM_INSTRUCTION,
    "tools": repeated(_TOOL),
    "toolConfig": message(
        {
            "includeServerSideToolInvocations": S,
            "functionCallingConfig": message(fixed("mode", "allowedFunctionNames", "streamFunctionCallArguments")),
            "retrievalConfig": message({"languageCode": S, "latLng": message(fixed("latitude", "longitude"))}),
        }
    ),
    "safetySettings": repeated(message(fixed("category", "threshold", "method"))),
    "generationConfig": _GENERATION,
    "labels": Obj({}, extra=text()),
}
REQUEST = message(_REQUEST)
"""Of `generateContent` and `streamGenerateContent`."""

COUNT_REQUEST = message({**_REQUEST, "generateContentRequest": REQUEST})
"""Of `countTokens`."""

_EMBED: dict[str, Node] = {
    **fixed("model", "taskType", "outputDimensionality"),
    "content": CONTENT,
    "title": text(),
    "embedContentConfig": message(
        {
            **fixed("taskType", "outputDimensionality", "autoTruncate", "documentOcr", "audioTrackExtraction"),
            "title": text(),
        }
    ),
}
EMBED_REQUEST = message(_EMBED)
BATCH_EMBED_REQUEST = message({"requests": repeated(EMBED_REQUEST)})

_COUNTS = repeated(message(fixed("modality", "tokenCount")))
_USAGE = message(
    {
        **fixed(
            "promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount", "responseTokenCount",
            "toolUsePromptTokenCount", "thoughtsTokenCount", "totalTokenCount", "trafficType", "serviceTier",
        ),
        **dict.fromkeys(
            (
                "promptTokensDetails", "cacheTokensDetails", "candidatesTokensDetails", "responseTokensDetails",
                "toolUsePromptTokensDetails",
            ),
            _COUNTS,
        ),
    }
)  # fmt: skip
_RATINGS = opaque("scores and categories")


def _answer(words: Node) -> Obj:
    return message(
        {
            **fixed("modelVersion", "responseId", "createTime"),
            "usageMetadata": _USAGE,
            "modelStatus": message({**fixed("modelStage", "retirementTime"), "message": text()}),
            "promptFeedback": message({"blockReason": S, "blockReasonMessage": text(), "safetyRatings": _RATINGS}),
            "error": opaque("an error in place of an answer"),
            "candidates": Arr(
                message(
                    {
                        **fixed("index", "finishReason", "tokenCount", "avgLogprobs"),
                        "content": message({"role": S, "parts": Arr(answered_part(words=words))}),
                        "finishMessage": text(),
                        "safetyRatings": _RATINGS,
                        "logprobsResult": opaque("the tokens the model wrote: they show surrogates, never values"),
                        "continuationToken": opaque("the model's state"),
                        "citationMetadata": CITATIONS,
                        "groundingMetadata": GROUNDING,
                        "groundingAttributions": opaque("passages of the provider's own"),
                        "urlContextMetadata": message(
                            {"urlMetadata": repeated(message({"urlRetrievalStatus": S, "retrievedUrl": text()}))}
                        ),
                    }
                ),
                keyed="index",
            ),
        }
    )


RESPONSE = _answer(text())
EVENT = _answer(text(fragment=True))
"""One event of a stream, or one item of the array that a stream without `alt=sse` is."""

COUNT = message(
    {
        **fixed("totalTokens", "cachedContentTokenCount"),
        "promptTokensDetails": _COUNTS,
        "cacheTokensDetails": _COUNTS,
    }
)
_VECTOR = message(
    {
        "values": S,
        "shape": S,
        "statistics": message({**fixed("truncated", "tokenCount"), "tokensDetails": _COUNTS}),
    }
)
EMBEDDED = message(
    {
        "embedding": _VECTOR,
        "embeddings": Arr(_VECTOR),
        "truncated": S,
        "usageMetadata": _USAGE,
        "metadata": message(fixed("billableCharacterCount")),
    }
)
"""The answers of `embedContent` and `batchEmbedContents`."""
