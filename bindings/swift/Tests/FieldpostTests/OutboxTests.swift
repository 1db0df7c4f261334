import Fieldpost
import Foundation
import Testing

@Suite("The outbox", .timeLimit(.minutes(1)))
struct OutboxTests {
    @Test("an account comes back with what its system can do")
    func accounts() async throws {
        let world = try await World()
        let url = try #require(URL(string: "https://dlr.example/api"))
        let account = Account.digitalRealty(
            id: "dlr", baseURL: url, masterAccountID: "DLR-MASTER-1", accountID: "DLR-ACCOUNT-7",
            settings: ["max_concurrent": "1", "account_id": "overridden"])
        try world.outbox.put(account)

        let infos = try await world.outbox.accounts()
        let info = try #require(infos.first { info in info.account.id == "dlr" })
        #expect(info.account == account && info.account.provider == .digitalRealty)
        #expect(info.account.url == "https://dlr.example/api")
        #expect(
            info.account.settings == [
                "master_account_id": "DLR-MASTER-1", "account_id": "DLR-ACCOUNT-7", "max_concurrent": "1",
            ])
        #expect(info.capabilities.maxName == 100 && info.capabilities.operations.contains("upload"))
        try await world.outbox.removeAccount("dlr")
        #expect(try await world.outbox.accounts().map(\.account.id) == ["acme"])
    }

    @Test("every option of a capture reaches the outbox")
    func options() async throws {
        let world = try await World()
        let first = try await world.captureNote()
        let file = try world.file("Bericht ü 1.txt", Data("all is well".utf8))
        let item = try await world.outbox.capture(
            .document(
                file, name: "report", caption: "Inspection", tags: ["after", "before"], folder: "Misc", priority: 7,
                after: first.id, key: "k", requires: Requires(unmetered: true, charging: true),
                settings: ["visibility": "CruOnly"], moveSource: true),
            for: world.job)
        #expect((item.kind, item.operation, item.caption) == (.document, .upload, "Inspection"))
        #expect(item.tags == ["after", "before"] && item.name.hasPrefix("report-"))
        #expect((item.account, item.workOrder, item.original?.bytes) == ("acme", "10234", 11))
        #expect(!FileManager.default.fileExists(atPath: file.path))
        #expect(item.why?.reason == .afterAnotherItem)

        let again = try await world.outbox.capture(.text("another", key: "k"), for: world.job)
        #expect(again.id == item.id, "the same key twice is the same item")

        try await world.outbox.setConditions(Conditions(network: .metered, power: .charging))
        try await world.outbox.forget(first.id)
        #expect(try await world.outbox.item(item.id).why?.reason == .unmeteredNetworkWanted)
        try await world.outbox.setConditions(Conditions(network: .unmetered, power: .low))
        #expect(try await world.outbox.item(item.id).why?.reason == .chargingWanted)
        #expect(try await world.outbox.conditions() == Conditions(network: .unmetered, power: .low))
    }

    @Test("a photo is made as small as was asked for, or sent as it is")
    func caps() async throws {
        let world = try await World()
        let photo = try world.photo()
        func sent(_ capture: Capture) async throws -> Item.Sent {
            let item = try await world.outbox.capture(capture, for: world.job)
            try await world.deliver()
            let delivered = try await world.outbox.item(item.id)
            return try #require(delivered.sent, "\(delivered)")
        }
        let capped = try await sent(.photo(photo, cap: .kilobytes(400)))
        #expect(capped.bytes <= 400_000)
        let small = try await sent(.photo(photo, maxEdge: 200))
        #expect((small.width, small.height) == (200, 150))
        #expect(Cap.megabytes(2) == .atMost(bytes: 2_000_000) && Cap.megabytes(.max) == .atMost(bytes: .max))
        let png = try world.signature()
        let original = try await world.outbox.capture(.photo(png, cap: .original), for: world.job)
        #expect(original.original?.bytes == 67)
        // A chunk of text in front of the end chunk: where it was written goes no further.
        var told = try Data(contentsOf: png)
        let text = Data([0, 0, 0, 12]) + Data("tEXtComment\0here".utf8) + Data([0x3E, 0x05, 0xD2, 0x7D])
        told.insert(contentsOf: text, at: told.count - 12)
        let telling = png.deletingLastPathComponent().appending(path: "telling.png")
        try told.write(to: telling)
        let kept = try await sent(.photo(telling))
        let cleaned = try await sent(.photo(telling, exif: .noLocation, profile: .srgb))
        #expect((kept.bytes, cleaned.bytes) == (Int64(told.count), 67))
    }

    @Test("a time is an instant, to the millisecond")
    func times() async throws {
        let world = try await World()
        let before = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 * 1000).rounded(.down) / 1000)
        let item = try await world.captureNote()
        #expect(before <= item.capturedAt && item.capturedAt <= Date())
        #expect(item.id == item.id.lowercased() && item.state == .queued && item.receipt == nil)
    }

    @Test("evidence that the system cannot take is kept, blocked with its reason")
    func blocked() async throws {
        let world = try await World()
        let item = try await world.outbox.capture(.text("note"), for: WorkOrder(account: "acme", id: "no number"))
        guard case .blocked(let why) = item.status else { throw Unexpected(item) }
        #expect((why.reason, why.action) == (.workOrderNotValid, .repair))
        #expect(Why.Reason.allCases.contains(why.reason))
    }

    @Test("a check finds an original that was altered")
    func check() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        #expect(try await world.outbox.check() == CheckReport(items: 1, findings: []))
        let folder = world.folder.appendingPathComponent("outbox/items/\(item.id)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let original = try #require(files.first { file in file.lastPathComponent.hasPrefix("original") })
        try Data("altered".utf8).write(to: original)
        let findings = try await world.outbox.check().findings
        #expect(findings.map(\.finding) == [.originalDamaged] && findings.map(\.id) == [item.id])
    }

    @Test("a capture beyond the quota is refused, and says how much it takes")
    func quota() async throws {
        let world = try await World()
        let folder = world.folder.appendingPathComponent("small")
        let small = try Outbox(at: folder, keep: .forDays(days: 7), quota: 100)
        let base = try world.sandbox.account().url
        try small.put(.corrigoPro(id: "acme", baseURL: base, performedBy: "Jo Field"))
        try await small.capture(.text(String(repeating: "x", count: 60)), for: world.job)
        let error = try await outboxError {
            try await small.capture(.text(String(repeating: "x", count: 50)), for: world.job)
        }
        guard case .quotaFull(let message) = error else { throw Unexpected(error) }
        #expect(message.contains("50 B are needed"))
        #expect(try await small.list().count == 1)
    }

    @Test("what waits is exported from an outbox whose database is lost")
    func export() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        world.outbox.close()
        let outbox = world.folder.appendingPathComponent("outbox")
        try Data("no database".utf8).write(to: outbox.appendingPathComponent("outbox.db"))
        let export = try await Outbox.export(outbox, to: world.folder.appendingPathComponent("rescued"))
        #expect(export.findings.isEmpty && export.items.map(\.id) == [item.id])
        let file = try #require(export.items.first?.file)
        #expect(try Data(contentsOf: file).count > 0)
    }

    @Test("a person's answers move an item")
    func answers() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        // Longer than any machine takes from here to the end.
        try await world.sandbox.nextUpload(meets: ["kind": "too_many_requests", "retry_after": ["seconds": 3_600]])
        try await world.deliver()
        try await world.outbox.retryAll(because: .tokenWanted)
        #expect(try await world.outbox.item(item.id).why?.reason == .serverAskedToWait)
        try await world.outbox.retryAll(because: .serverAskedToWait)
        #expect(try await world.outbox.item(item.id).why?.reason == .notStarted)

        let stuck = try await world.outbox.capture(.text("b"), for: WorkOrder(account: "acme", id: "no number"))
        #expect(try await world.outbox.retryAll(because: .workOrderNotValid) == [stuck.id])
        #expect(try await world.outbox.retry(stuck.id) == false, "it is in the queue already")
        try await world.outbox.forget(stuck.id)

        try await world.outbox.cancel(item.id)
        #expect(try await world.outbox.item(item.id).status == .cancelled)
        try await world.outbox.forget(item.id)
        #expect(try await world.outbox.list().isEmpty)
    }

    @Test("a doubt is settled by what a person saw")
    func settling() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        try await world.sandbox.nextUpload(meets: ["kind": "lose_answer"])
        try await world.sandbox.hideLists()
        try await world.deliver()
        #expect(try await world.outbox.item(item.id).state == .verifying)

        try await world.outbox.settle(item.id, as: .delivered(remoteId: "4711"))
        let left = try await world.outbox.item(item.id)
        let receipt = try #require(left.receipt)
        #expect(receipt.remoteId == "4711" && receipt.proof == .person && receipt.surplus.isEmpty)
    }

    @Test("a capture whose task was cancelled is kept all the same")
    func cancelledCapture() async throws {
        let world = try await World()
        let begin = Signal()
        let capture = Task { [outbox = world.outbox, job = world.job] in
            await begin.wait()
            return try await outbox.capture(.text("the last word"), for: job)
        }
        capture.cancel()
        begin.tell()
        let item = try await capture.value
        #expect(try await world.outbox.list().map(\.id) == [item.id])
    }

    @Test("the native library tells its version")
    func version() {
        #expect(Outbox.version.split(separator: ".").count == 3)
    }
}
