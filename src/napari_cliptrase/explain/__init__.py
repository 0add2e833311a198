"""The figures of the paper, made of any image: what happens to it on the way from pixels to labels."""
