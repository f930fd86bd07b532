import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Starts HiveMQ Community Edition, configured by {@code conf/config.xml} in the directory that is
 * the only argument, and stops it in good order at SIGTERM.
 */
public final class HiveMq {
    private HiveMq() {}

    /** Accepts every client: without an extension for authentication HiveMQ accepts none. */
    private static final class Anonymous implements ExtensionMain {
        @Override
        public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
            SimpleAuthenticator everybody = (in, out) -> out.authenticateSuccessfully();
            Services.securityRegistry().setAuthenticatorProvider(provider -> everybody);
        }

        @Override
        public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {}
    }

    public static void main(String[] arguments) throws Exception {
        Path base = Path.of(arguments[0]).toAbsolutePath();
        for (String name : new String[] {"conf", "data", "extensions"}) {
            Files.createDirectories(base.resolve(name));
        }
        EmbeddedExtension anonymous =
                EmbeddedExtension.builder()
                        .withId("anonymous")
                        .withName("anonymous")
                        .withVersion("1")
                        .withAuthor("motemq")
                        .withPriority(0)
                        .withStartPriority(1000)
                        .withExtensionMain(new Anonymous())
                        .build();
        EmbeddedHiveMQ broker =
                EmbeddedHiveMQ.builder()
                        .withConfigurationFolder(base.resolve("conf"))
                        .withDataFolder(base.resolve("data"))
                        .withExtensionsFolder(base.resolve("extensions"))
                        .withEmbeddedExtension(anonymous)
                        .build();
        broker.start().join();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> broker.stop().join()));
        Thread.currentThread().join();
    }
}
