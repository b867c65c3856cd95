"""What a Gemini answer says about its sources: citations and grounding.

Must never: restore inside HTML that a client shows as it is.
"""

from __future__ import annotations

from strongroom.gateway.wires.gemini_parts import S, fixed, message, repeated
from strongroom.gateway.wires.table import Arr, Either, Obj, opaque, text
from strongroom.guard.session import Origin

_WORDS = text(Origin.MODEL)
_LIST = Either(string=_WORDS, arr=Arr(_WORDS))


_CITATION = message(
    {
        **fixed("startIndex", "endIndex", "license"),
        "publicationDate": message(fixed("year", "month", "day")),
        "uri": _WORDS,
        "title": _WORDS,
    }
)
CITATIONS = message({"citationSources": repeated(_CITATION), "citations": repeated(_CITATION)})

_REVIEW = message(
    {
        **fixed("reviewId", "relativePublishTimeDescription"),
        **dict.fromkeys(("flagContentUri", "googleMapsUri", "review", "title"), _WORDS),
        "authorAttribution": message(dict.fromkeys(("displayName", "photoUri", "uri"), _WORDS)),
    }
)
_MAPS = message(
    {
        "placeId": S,
        **dict.fromkeys(("text", "title", "uri"), _WORDS),
        "placeAnswerSources": message(
            {
                "flagContentUri": _WORDS,
                "reviewSnippet": repeated(_REVIEW),
                "reviewSnippets": repeated(_REVIEW),
            }
        ),
        "route": message({**fixed("distanceMeters", "duration"), "encodedPolyline": opaque("a line on a map")}),
    }
)
_RETRIEVED = message(
    {
        **fixed("pageNumber", "mediaId", "fileSearchStore"),
        **dict.fromkeys(("text", "title", "uri", "documentName"), _WORDS),
        "ragChunk": message(
            {
                **fixed("chunkId", "fileId"),
                "pageSpan": message(fixed("firstPage", "lastPage")),
                "text": _WORDS,
            }
        ),
        "customMetadata": repeated(
            message(
                {
                    "numericValue": S,
                    "key": _WORDS,
                    "stringValue": _WORDS,
                    "stringListValue": message({"values": _LIST}),
                }
            )
        ),
    }
)
_CHUNK = message(
    {
        "image": message(dict.fromkeys(("sourceUri", "imageUri", "title", "domain"), _WORDS)),
        "web": message(dict.fromkeys(("uri", "title", "domain"), _WORDS)),
        "maps": _MAPS,
        "retrievedContext": _RETRIEVED,
    }
)
GROUNDING: Obj = message(
    {
        "googleMapsWidgetContextToken": opaque("a token"),
        **dict.fromkeys(("imageSearchQueries", "webSearchQueries", "retrievalQueries"), _LIST),
        "retrievalMetadata": message(fixed("googleSearchDynamicRetrievalScore")),
        "searchEntryPoint": message(
            {
                "renderedContent": opaque("HTML: a value put back into it would be markup"),
                "sdkBlob": opaque("encoded"),
            }
        ),
        "sourceFlaggingUris": repeated(message({"sourceId": S, "flagContentUri": _WORDS})),
        "groundingChunks": repeated(_CHUNK),
        "groundingSupports": repeated(
            message(
                {
                    **fixed("confidenceScores", "groundingChunkIndices", "renderedParts"),
                    "segment": message({**fixed("startIndex", "endIndex", "partIndex"), "text": _WORDS}),
                }
            )
        ),
    }
)
