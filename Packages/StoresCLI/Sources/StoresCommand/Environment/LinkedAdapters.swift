import StoresCore
import StoresFile
import StoresSQLite

#if Chroma
import StoresChroma
#endif
#if Kafka
import StoresKafka
#endif
#if Mongo
import StoresMongo
#endif
#if Postgres
import StoresPostgres
#endif
#if Pinecone
import StoresPinecone
#endif
#if Qdrant
import StoresQdrant
#endif
#if Redis
import StoresRedis
#endif
#if Weaviate
import StoresWeaviate
#endif

/// The adapters that this executable links: the embedded ones, and those of the package's traits.
enum LinkedAdapters {
    static func registry() -> AdapterRegistry {
        var registry = AdapterRegistry()
        registry.register(StoresFile.self)
        registry.register(StoresSQLite.self)
        #if Chroma
        registry.register(StoresChroma.self)
        #endif
        #if Kafka
        registry.register(StoresKafka.self)
        #endif
        #if Mongo
        registry.register(StoresMongo.self)
        #endif
        #if Postgres
        registry.register(StoresPostgres.self)
        #endif
        #if Pinecone
        registry.register(StoresPinecone.self)
        #endif
        #if Qdrant
        registry.register(StoresQdrant.self)
        #endif
        #if Redis
        registry.register(StoresRedis.self)
        #endif
        #if Weaviate
        registry.register(StoresWeaviate.self)
        #endif
        return registry
    }
}
