import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** Java's HttpClient against the example servers at $PAGES and $INSPECT. It offers HTTP/2 by an upgrade, which is ignored. */
class Client {
    static final int TRIES = 20;
    static final String PAGES = "http://" + System.getenv("PAGES");
    static final String INSPECT = "http://" + System.getenv("INSPECT");
    static HttpClient client;

    static void check(String name, boolean holds, Object seen) {
        if (!holds) {
            System.out.println("FAIL Java: " + name + ": " + seen);
            System.exit(1);
        }
        System.out.println("ok   Java: " + name);
    }

    static HttpRequest.Builder to(String url) {
        return HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20));
    }

    static HttpResponse<String> ask(String method, String url, BodyPublisher body, boolean expect) throws Exception {
        return client.send(to(url).method(method, body).expectContinue(expect).build(), BodyHandlers.ofString());
    }

    /** A body whose length Java does not know, so that it sends chunks. */
    static BodyPublisher chunked(byte[] body) {
        return BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body));
    }

    public static void main(String[] arguments) throws Exception {
        for (var version : HttpClient.Version.values()) {
            client = HttpClient.newBuilder().version(version).build();
            run(version == HttpClient.Version.HTTP_2 ? ", HTTP/2 offered" : "");
        }
        // Its threads are no reason to wait.
        System.exit(0);
    }

    static void run(String how) throws Exception {
        List<Integer> seen = new ArrayList<>();
        for (String kind : List.of("GET /", "HEAD /file", "GET /nothing", "GET /chunked", "DELETE /", "GET /none")) {
            String[] words = kind.split(" ");
            seen.add(ask(words[0], PAGES + words[1], BodyPublishers.noBody(), false).statusCode());
        }
        check("methods and statuses" + how, seen.equals(List.of(200, 200, 204, 200, 405, 404)), seen);

        List<CompletableFuture<String>> many = new ArrayList<>();
        for (int at = 0; at < 100; at++) {
            many.add(client.sendAsync(to(PAGES + "/").build(), BodyHandlers.ofString()).thenApply(HttpResponse::body));
        }
        long good = many.stream().filter(one -> one.join().equals("Hello, World!")).count();
        check("100 at a time" + how, good == 100, good);

        String body = "0123456789".repeat(70_000);
        check("a body by its length" + how, ask("POST", PAGES + "/echo", BodyPublishers.ofString(body), false).body().equals(body), "");
        check("a body in chunks" + how, ask("POST", PAGES + "/echo", chunked(body.getBytes()), false).body().equals(body), "");
        check("a body that waits for 100" + how, ask("POST", PAGES + "/echo", BodyPublishers.ofString(body), true).body().equals(body), "");
        check("trailers do no harm" + how, ask("POST", PAGES + "/count", chunked("hello".getBytes()), false).body().equals("counted\n"), "");

        for (int size : new int[] {900_000, 2_000_000}) {
            for (boolean chunked : new boolean[] {false, true}) {
                Map<String, Integer> statuses = new TreeMap<>();
                for (int at = 0; at < TRIES; at++) {
                    String status;
                    byte[] bytes = new byte[size];
                    BodyPublisher publisher = chunked ? chunked(bytes) : BodyPublishers.ofByteArray(bytes);
                    try {
                        status = "" + ask("POST", size < 1_000_000 ? PAGES + "/" : INSPECT + "/", publisher, false).statusCode();
                    } catch (java.io.IOException error) {
                        status = error.toString();
                    }
                    statuses.merge(status, 1, Integer::sum);
                }
                Map<String, Integer> wanted = Map.of(size < 1_000_000 ? "405" : "413", TRIES);
                check(size + " bytes, answered early, in chunks: " + chunked + how, statuses.equals(wanted), statuses);
            }
        }
    }
}
