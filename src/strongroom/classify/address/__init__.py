"""Postal addresses in running text, by grammar: no list of streets and no model.

A house number beside a word that names a kind of street, a postcode beside a town, a post office box: these are
the anchors. What stands between and around them is joined into one span, over several lines if need be.
"""

from strongroom.classify.address.recognizer import AddressRecognizer

__all__ = ["AddressRecognizer"]
