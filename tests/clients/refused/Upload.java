import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;

/** Sends a file with the client that comes with Java, and prints the status and the body of the answer. */
public final class Upload {
  private Upload() {}

  public static void main(String[] arguments) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(arguments[0]))
            .header("Content-Type", "multipart/form-data; boundary=x")
            .header("Authorization", "Bearer " + arguments[1])
            .POST(BodyPublishers.ofFile(Path.of(arguments[2])))
            .build();
    HttpResponse<String> answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    System.out.println(answer.statusCode() + " " + answer.body());
  }
}
