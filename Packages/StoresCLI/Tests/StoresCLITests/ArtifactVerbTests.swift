import StoresCore
import Testing

@testable import StoresCommand

@Suite struct ArtifactVerbTests {
    @Test func objectsStreamBothWays() async throws {
        let tool = try Tool()
        let big = String(repeating: "0123456789", count: 200_000)
        try tool.folder.write("big.txt", big)
        let put = await tool.run(
            "artifact", "put", "a/big", "--file", "big.txt", "--content-type", "text/plain", "--metadata", "owner=ada")
        #expect(put.status == 0, "\(put.errors)")
        let info = try put.object()
        #expect(info["size"] == 2_000_000 && info["metadata"] == ["owner": "ada"])
        #expect(info["sha256"] == .string(SHA256Digest.hexadecimal(of: Array(big.utf8))))
        #expect(await tool.run("artifact", "get", "a/big").output == big)
        #expect(await tool.run("artifact", "get", "a/big", "--range", "10-12").output == "012")
        #expect(await tool.run("artifact", "get", "a/big", "--range", "-2").output == "89")
        #expect(await tool.run("artifact", "get", "a/big", "--range", "2000000-").status == 2)
        #expect(await tool.run("artifact", "get", "a/big", "--output", "copy").status == 0)
        #expect(try tool.folder.read("copy") == Array(big.utf8))
        guard case .string(let etag) = info["etag"] else { throw StoreError(.internal, "no etag") }
        let same = await tool.run("artifact", "get", "a/big", "--if-none-match", etag, "--output", "none")
        #expect(try same.object() == ["notModified": true])
        #expect(!tool.folder.exists("none"))
        #expect(await tool.run("artifact", "get", "none", "--output", "none").status == 3)
        #expect(!tool.folder.exists("none"))
    }

    @Test func stdinConditionsListingAndDeleting() async throws {
        let tool = try Tool()
        for key in ["r/1", "r/s/2", "r/s/3", "t"] {
            #expect(await tool.run("artifact", "put", key, "--if-absent", input: key).status == 0)
        }
        #expect(await tool.run("artifact", "put", "t", "--if-absent", input: "x").status == 4)
        let listed = try await tool.run("artifact", "list", "r/", "--delimiter", "/").values()
        #expect(listed.count == 2)
        #expect(listed[0]["key"] == "r/1" && listed[1] == ["commonPrefix": "r/s/"])
        let page = try await tool.run("artifact", "list", "--limit", "3").values()
        #expect(page.count == 4 && page[3]["next"] != nil)
        #expect(try await tool.run("artifact", "head", "t").object()["size"] == 1)
        #expect(await tool.run("artifact", "head", "u").status == 3)
        #expect(try await tool.run("artifact", "delete", "t").object() == ["deleted": true])
        #expect(try await tool.run("artifact", "delete", "t").object() == ["deleted": false])
        #expect(try await tool.run("artifact", "delete", "r/1", "r/s/2").object() == ["succeeded": 2, "failed": 0])
        #expect(await tool.run("artifact", "put", "../out", input: "x").status == 2)
    }

    @Test func whatIsUnsupportedSaysWhoCan() async throws {
        let tool = try Tool()
        let refused = await tool.run("artifact", "presign", "get", "k", "--expires", "15m", "--json-errors")
        #expect(refused.status == 6)
        #expect(try refused.error()["code"] == "unsupported")
    }
}
