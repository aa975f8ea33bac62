// A case from its draft to its number, told with the client of oapi-codegen.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"mime/multipart"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"

	// generated and compiled, if not used here
	_ "stairs/clients/appeals"
	"stairs/clients/incidents"
	_ "stairs/clients/notifications"
)

func ptr[T any](value T) *T { return &value }

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func authorized(_ context.Context, request *http.Request) error {
	request.Header.Set("Authorization", "Bearer "+os.Getenv("STAIRS_TOKEN"))
	return nil
}

func file() (string, *bytes.Buffer) {
	body := &bytes.Buffer{}
	form := multipart.NewWriter(body)
	part := must(form.CreateFormFile("file", "students.csv"))
	for at := range 12 {
		must(fmt.Fprintf(part, "%d\r\n", 8391045000+at))
	}
	if err := form.Close(); err != nil {
		log.Fatal(err)
	}
	return form.FormDataContentType(), body
}

func main() {
	ctx := context.Background()
	client := must(incidents.NewClientWithResponses(
		os.Getenv("STAIRS_URL"), incidents.WithRequestEditorFn(authorized)))
	report := incidents.CaseBody{
		IncidentType:   "student_cheating",
		School:         os.Getenv("STAIRS_SCHOOL"),
		OccurredAt:     ptr(must(time.Parse(time.RFC3339, "2019-04-12T10:00:00-07:00"))),
		DiscoveredAt:   ptr(must(time.Parse(time.RFC3339, "2019-04-12T10:30:00-07:00"))),
		Grade:          ptr(incidents.Grade("11")),
		Test:           ptr("sb_math_cat"),
		DeliveryMode:   ptr(incidents.DeliveryMode("online")),
		AssessmentKind: ptr(incidents.AssessmentKind("summative")),
		StudentCount:   ptr(int32(12)),
		Narrative:      ptr("What was seen, and by whom."),
		Details:        &map[string]any{"what_was_done": "passed a slip of paper", "finished_test": true},
	}
	key := &incidents.DraftCaseParams{IdempotencyKey: ptr(uuid.NewString())}
	drafted := must(client.DraftCaseWithResponse(ctx, key, report))
	if drafted.JSON201 == nil {
		log.Fatal(string(drafted.Body))
	}
	id := drafted.JSON201.Id

	contentType, body := file()
	uploaded := must(client.UploadStudentsWithBodyWithResponse(
		ctx, id, &incidents.UploadStudentsParams{}, contentType, body))
	if uploaded.JSON200 == nil {
		log.Fatal(string(uploaded.Body))
	}
	submitted := must(client.SubmitCaseWithResponse(ctx, id, &incidents.SubmitCaseParams{}))
	if submitted.JSON200 == nil {
		log.Fatal(string(submitted.Body))
	}
	found := must(client.GetCaseWithResponse(ctx, id))
	if found.JSON200 == nil {
		log.Fatal(string(found.Body))
	}
	again := must(client.SubmitCaseWithResponse(ctx, id, &incidents.SubmitCaseParams{}))
	if again.ApplicationproblemJSON409 == nil {
		log.Fatal(string(again.Body))
	}
	told := map[string]any{
		"status":      found.JSON200.Status,
		"case_number": found.JSON200.CaseNumber,
		"students":    len(found.JSON200.Students),
		"refusal":     again.ApplicationproblemJSON409.Code,
	}
	fmt.Println(string(must(json.Marshal(told))))
}
