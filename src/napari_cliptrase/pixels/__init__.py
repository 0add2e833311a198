"""Any array or file to RGB planes, and planes to windows. No torch."""
