// A case from its draft to its number, told with the types of openapi-typescript.
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/incidents.js";

declare const process: { env: Record<string, string | undefined> };

const client = createClient<paths>({
  baseUrl: process.env.STAIRS_URL ?? "",
  headers: { Authorization: `Bearer ${process.env.STAIRS_TOKEN}` },
});

const report: components["schemas"]["CaseBody"] = {
  incident_type: "student_cheating",
  school: process.env.STAIRS_SCHOOL ?? "",
  occurred_at: "2019-04-12T10:00:00-07:00",
  discovered_at: "2019-04-12T10:30:00-07:00",
  grade: "11",
  test: "sb_math_cat",
  delivery_mode: "online",
  assessment_kind: "summative",
  student_count: 12,
  narrative: "What was seen, and by whom.",
  details: { what_was_done: "passed a slip of paper", finished_test: true },
};

function must<T>(data: T | undefined, error: unknown): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

const drafted = await client.POST("/v1/incidents", {
  params: { header: { "Idempotency-Key": crypto.randomUUID() } },
  body: report,
});
const path = { case_id: must(drafted.data, drafted.error).id };

const rows = Array.from({ length: 12 }, (_, at) => String(8391045000 + at)).join("\r\n");
const uploaded = await client.POST("/v1/incidents/{case_id}/students/upload", {
  params: { path },
  body: { file: rows },
  bodySerializer: (body) => {
    const form = new FormData();
    form.append("file", new Blob([body.file]), "students.csv");
    return form;
  },
});
must(uploaded.data, uploaded.error);

const submitted = await client.POST("/v1/incidents/{case_id}/submit", { params: { path } });
must(submitted.data, submitted.error);

const read = await client.GET("/v1/incidents/{case_id}", { params: { path } });
const found = must(read.data, read.error);

const again = await client.POST("/v1/incidents/{case_id}/submit", { params: { path } });

console.log(
  JSON.stringify({
    status: found.status,
    case_number: found.case_number,
    students: found.students.length,
    refusal: again.error?.code ?? null,
  }),
);
