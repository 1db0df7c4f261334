import Fieldpost
import Foundation
import Testing

/// The systems beside CorrigoPro: their accounts as they are built, taken and refused, and a photo's way to each.
@Suite("The systems", .timeLimit(.minutes(1)))
struct SystemTests {
    private let url = URL(string: "https://a.example/api").unsafelyUnwrapped

    /// Delivers a photo that was captured with no network.
    ///
    /// - Parameter place: What stands before the system's id in the receipt's.
    private func isDelivered(_ system: String, place: String = "", _ account: (URL) -> Account) async throws {
        let world = try await World()
        let simulated = try world.sandbox.account(system)
        let account = account(simulated.url)
        try world.outbox.put(account)
        let job = WorkOrder(account: account.id, id: try #require(simulated.workOrders.first))
        try await world.outbox.setConditions(Conditions(network: .none, power: .battery))
        let photo = try await world.outbox.capture(.photo(try world.photo(), caption: "Boiler plate"), for: job)
        #expect(photo.why?.reason == .noNetwork)

        try await world.outbox.setConditions(Conditions(network: .unmetered, power: .battery))
        let delivery = try await world.outbox.deliver { id in id == account.id ? simulated.token : nil }
        #expect((delivery.delivered, delivery.waiting, delivery.blocked) == (1, 0, 0))

        let item = try await world.outbox.item(photo.id)
        let (receipt, sent) = (try #require(item.receipt, "\(item)"), try #require(item.sent))
        let ledger = try await world.sandbox.ledger()
        let entry = try #require(ledger.first)
        #expect(ledger.count == 1 && entry.operation == "upload" && entry.workOrder == job.id)
        #expect((receipt.remoteId, receipt.proof) == (place + entry.remoteId, .answer))
        #expect((entry.name, entry.sha256) == (item.name, sent.sha256))
    }

    @Test("a photo for Serial is delivered once, with a receipt")
    func serial() async throws {
        try await isDelivered("serial") { url in .serial(id: "serial", baseURL: url, addedByUserID: "U-7") }
    }

    @Test("a photo for Decisiv is delivered once, with a receipt")
    func decisiv() async throws {
        try await isDelivered("decisiv") { url in .decisiv(id: "decisiv", baseURL: url) }
    }

    @Test("a photo for Field Nation is delivered once, with a receipt, into its folder")
    func fieldNation() async throws {
        try await isDelivered("fieldnation", place: "1/") { url in
            .fieldNation(id: "nation", baseURL: url, folder: "Documents")
        }
    }

    @Test("an account has the settings that were asked for, no others, and the outbox takes them")
    func settings() async throws {
        let world = try await World()
        let built: [(Account, Account.Provider, [String: String])] = [
            (.serial(id: "a", baseURL: url, addedByUserID: "7"), .serial, ["added_by_user_id": "7"]),
            (
                .serial(
                    id: "b", baseURL: url, addedByUserID: "7", flat: true, captionsAsTexts: true,
                    settings: ["settle": "60"]), .serial,
                ["added_by_user_id": "7", "flat": "true", "caption": "text", "settle": "60"]
            ),
            (.decisiv(id: "c", baseURL: url), .decisiv, [:]),
            (
                .decisiv(
                    id: "d", baseURL: url, singularPaths: true, base64Files: true, internal: false, sender: "U",
                    settings: ["internal": "true", "settle": "60"]), .decisiv,
                ["path": "case", "encoding": "base64", "internal": "false", "sender": "U", "settle": "60"]
            ),
            (.decisiv(id: "e", baseURL: url, internal: true), .decisiv, ["internal": "true"]),
            (.fieldNation(id: "f", baseURL: url), .fieldNation, [:]),
            (
                .fieldNation(
                    id: "g", baseURL: url, folder: "Documents", actingUserID: 42, settings: ["signatures": "file"]),
                .fieldNation, ["folder": "Documents", "acting_user_id": "42", "signatures": "file"]
            ),
            (
                .fieldNation(id: "h", baseURL: url, signaturesToEndpoint: true), .fieldNation,
                ["signatures": "endpoint"]
            ),
            (.tus(id: "i", baseURL: url), .tus, [:]),
            (
                .tus(
                    id: "j", baseURL: url, metadata: ["tenant": "north", "project": "7"], checksums: false,
                    settings: ["settle": "60"]), .tus,
                ["metadata": "project=7,tenant=north", "checksum": "never", "settle": "60"]
            ),
        ]
        for (account, provider, settings) in built {
            #expect((account.provider, account.settings) == (provider, settings))
            #expect(account.url == "https://a.example/api")
            try world.outbox.put(account)
            #expect(try await world.outbox.accounts().contains { info in info.account == account })
        }
    }

    @Test("a setting that a system cannot take is refused in words that name it")
    func refused() async throws {
        let world = try await World()
        let refused: [(Account, String)] = [
            (
                .serial(id: "b", baseURL: url, addedByUserID: ""),
                "\"added_by_user_id\" takes the id of the user that adds"
            ),
            (
                Account(id: "b", provider: .serial, url: "https://a.example", settings: [:]),
                "\"added_by_user_id\" is needed"
            ),
            (.decisiv(id: "b", baseURL: url, sender: "two\nlines"), "\"sender\" takes the id of the user who sends"),
            (
                .decisiv(id: "b", baseURL: url, settings: ["encoding": "gzip"]),
                "\"encoding\" takes binary or base64"
            ),
            (.fieldNation(id: "b", baseURL: url, folder: " "), "\"folder\" takes the name of a folder"),
            (.fieldNation(id: "b", baseURL: url, actingUserID: -1), "\"acting_user_id\" takes the number of the user"),
            (.fieldNation(id: "b", baseURL: url, settings: ["performed_by": "Jo"]), "no setting \"performed_by\""),
            (.tus(id: "b", baseURL: url, metadata: ["sha256": "x"]), "\"metadata\" takes pairs"),
        ]
        for (account, words) in refused {
            let error = try await outboxError { try world.outbox.put(account) }
            guard case .invalid(let message) = error else { throw Unexpected("\(words): \(error)") }
            #expect(message.contains("'b'") && message.contains(words), "\(message)")
        }
        #expect(try await world.outbox.accounts().map(\.account.id) == ["acme"])
    }
}
