"""The method: from pixels and phrases to class scores per patch. It knows towers and tensors, not files."""
