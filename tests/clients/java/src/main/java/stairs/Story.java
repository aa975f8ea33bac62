package stairs;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import stairs.incidents.ApiClient;
import stairs.incidents.ApiException;
import stairs.incidents.api.CasesApi;
import stairs.incidents.api.StudentsAndRecordsApi;
import stairs.incidents.model.AssessmentKind;
import stairs.incidents.model.CaseBody;
import stairs.incidents.model.DeliveryMode;
import stairs.incidents.model.Grade;
import stairs.incidents.model.Problem;
import stairs.incidents.model.ShownCase;

/** A case from its draft to its number, told with the client of openapi-generator. */
public final class Story {
  private Story() {}

  public static void main(String[] arguments) throws Exception {
    ApiClient client = new ApiClient();
    // The default HttpClient offers an upgrade to HTTP/2 (h2c) with each request; the server answers it as
    // the HTTP/1.1 that it is.
    client.updateBaseUri(System.getenv("STAIRS_URL"));
    String bearer = "Bearer " + System.getenv("STAIRS_TOKEN");
    client.setRequestInterceptor(request -> request.header("Authorization", bearer));
    CasesApi cases = new CasesApi(client);

    CaseBody report =
        new CaseBody()
            .incidentType("student_cheating")
            .school(System.getenv("STAIRS_SCHOOL"))
            .occurredAt(OffsetDateTime.parse("2019-04-12T10:00:00-07:00"))
            .discoveredAt(OffsetDateTime.parse("2019-04-12T10:30:00-07:00"))
            .grade(Grade.fromValue("11"))
            .test("sb_math_cat")
            .deliveryMode(DeliveryMode.ONLINE)
            .assessmentKind(AssessmentKind.SUMMATIVE)
            .studentCount(12)
            .narrative("What was seen, and by whom.")
            .details(Map.of("what_was_done", "passed a slip of paper", "finished_test", true));
    UUID id = cases.draftCase(report, UUID.randomUUID().toString()).getId();

    Path file = Files.createTempFile("students", ".csv");
    Files.writeString(
        file,
        LongStream.range(8391045000L, 8391045012L)
            .mapToObj(Long::toString)
            .collect(Collectors.joining("\r\n")));
    new StudentsAndRecordsApi(client).uploadStudents(id, file.toFile(), null, null);
    Files.delete(file);

    cases.submitCase(id, null, null);
    ShownCase found = cases.getCase(id);

    Map<String, Object> told = new LinkedHashMap<>();
    told.put("status", found.getStatus());
    told.put("case_number", found.getCaseNumber());
    told.put("students", found.getStudents().size());
    told.put("refusal", refusal(client, cases, id));
    System.out.println(client.getObjectMapper().writeValueAsString(told));
  }

  private static String refusal(ApiClient client, CasesApi cases, UUID id) throws Exception {
    try {
      cases.submitCase(id, null, null);
    } catch (ApiException refused) {
      return client.getObjectMapper().readValue(refused.getResponseBody(), Problem.class).getCode();
    }
    throw new AssertionError("a case was submitted twice");
  }
}
