"""Encoded media decoded: pictures, and what FFmpeg reads."""
