import io.moquette.broker.Server;
import io.moquette.broker.config.MemoryConfig;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** Starts Moquette with the properties in the file that is the only argument. */
public final class Moquette {
    private Moquette() {}

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(arguments[0]))) {
            properties.load(reader);
        }
        Server broker = new Server();
        broker.startServer(new MemoryConfig(properties));
        Runtime.getRuntime().addShutdownHook(new Thread(broker::stopServer));
        Thread.currentThread().join();
    }
}
