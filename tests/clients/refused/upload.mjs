// Sends a file with fetch, and prints the status and the body of the answer.
import { readFileSync } from "node:fs";

const [, , url, token, file] = process.argv;
const headers = { "content-type": "multipart/form-data; boundary=x", authorization: `Bearer ${token}` };
const answer = await fetch(url, { method: "POST", headers, body: readFileSync(file) });
console.log(answer.status, await answer.text());
