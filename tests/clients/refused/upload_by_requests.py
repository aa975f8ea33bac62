"""Sends a file with requests, and prints the status and the body of the answer."""

import sys
from pathlib import Path

import requests

url, token, file = sys.argv[1:]
headers = {"Content-Type": "multipart/form-data; boundary=x", "Authorization": f"Bearer {token}"}
answer = requests.post(url, data=Path(file).read_bytes(), headers=headers, timeout=60)
sys.stdout.write(f"{answer.status_code} {answer.text}\n")
