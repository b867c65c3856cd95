"""The composition root: settings become adapters, adapters become rooms."""
