// Starts Neo4j inside this process: java <flags> -cp "JARS/*" Neo4jServer.java HOME SETTINGS

import java.nio.file.Files;
import java.nio.file.Path;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

public final class Neo4jServer {
    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]);
        var service = new DatabaseManagementServiceBuilder(home)
                .loadPropertiesFromFile(Path.of(arguments[1]))
                .build();
        Runtime.getRuntime().addShutdownHook(new Thread(service::shutdown));
        Files.writeString(home.resolve("ready"), Long.toString(ProcessHandle.current().pid()));
        Thread.currentThread().join();
    }
}
