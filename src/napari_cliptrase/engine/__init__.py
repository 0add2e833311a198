"""From a plane of pixels and a prompt set to labels: encode once, score as often as needed."""
