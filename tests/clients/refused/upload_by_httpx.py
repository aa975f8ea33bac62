"""Sends a file with httpx, and prints the status and the body of the answer."""

import sys
from pathlib import Path

import httpx

url, token, file = sys.argv[1:]
headers = {"Content-Type": "multipart/form-data; boundary=x", "Authorization": f"Bearer {token}"}
answer = httpx.post(url, content=Path(file).read_bytes(), headers=headers, timeout=60)
sys.stdout.write(f"{answer.status_code} {answer.text}\n")
