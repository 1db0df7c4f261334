import Fieldpost
import Foundation
import Testing

@Suite("Delivery", .timeLimit(.minutes(1)))
struct DeliveryTests {
    @Test("what was captured with no network waits for it, then is delivered once, with a receipt")
    func offlineThenDelivered() async throws {
        let world = try await World(settings: ["max_concurrent": "1"])
        try await world.outbox.setConditions(Conditions(network: .none, power: .battery))
        let photo = try world.photo()
        let item = try await world.outbox.capture(
            .photo(photo, caption: "Boiler plate", cap: .megabytes(1)), for: world.job)
        let signature = try await world.outbox.capture(.signature(try world.signature()), for: world.job)

        let offline = try await world.deliver()
        #expect((offline.delivered, offline.waiting) == (0, 2))
        let left = try await world.outbox.item(item.id)
        let why = try #require(left.why)
        #expect((why.reason, why.action) == (.noNetwork, .connect))
        #expect(try await world.sandbox.ledger().isEmpty)

        try await world.outbox.setConditions(Conditions(network: .metered, power: .battery))
        let online = try await world.deliver()
        #expect((online.delivered, online.waiting, online.blocked) == (2, 0, 0))
        #expect(online.next == nil && online.tokenErrors.isEmpty)

        let delivered = try await world.outbox.item(item.id)
        let receipt = try #require(delivered.receipt)
        let sent = try #require(delivered.sent)
        #expect(delivered.why == nil && delivered.state == .delivered)
        #expect(receipt.proof == .answer && receipt.deliveredAt >= item.capturedAt)
        #expect(sent.bytes <= 1_000_000 && item.original?.bytes == 1_440_054)
        #expect(FileManager.default.fileExists(atPath: photo.path))

        let ledger = try await world.sandbox.ledger()
        // A signature goes before photos.
        let signed = try await world.outbox.item(signature.id)
        #expect(ledger.map(\.remoteId) == [signed.receipt?.remoteId, receipt.remoteId])
        let entry = try #require(ledger.last)
        #expect((entry.name, Int64(entry.bytes), entry.sha256) == (delivered.name, sent.bytes, sent.sha256))
        #expect(entry.name.contains("boiler-\(item.id.suffix(8))."), "the name that is sent has the marker")
    }

    @Test("photos are prepared on as many threads as the app allows, one at least")
    func threads() async throws {
        let world = try await World()
        let two = try Outbox(at: world.folder.appendingPathComponent("threads"), threads: 2)
        defer { two.close() }
        try world.putAccount("acme", in: two)
        try await two.setConditions(Conditions(network: .none, power: .battery))
        let photo = try world.photo()
        for _ in 0..<3 {
            try await two.capture(.photo(photo, maxEdge: 20), for: world.job)
        }
        let offline = try await two.deliver { _ in nil }
        #expect((offline.delivered, offline.waiting, offline.blocked) == (0, 3, 0))
        #expect(try await two.list().map(\.sent?.width) == [20, 20, 20])

        for none in [0, -1] {
            let error = try await outboxError {
                try Outbox(at: world.folder.appendingPathComponent("none"), threads: none)
            }
            guard case .invalid(let message) = error else { throw Unexpected(error) }
            #expect(message.contains("the number of threads cannot be below one"))
        }
    }

    @Test("a server that asks to wait is a wait with its end")
    func askedToWait() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        try await world.sandbox.nextUpload(meets: ["kind": "too_many_requests", "retry_after": ["seconds": 900]])

        let delivery = try await world.deliver()
        guard case .waiting(let why) = try await world.outbox.item(item.id).status else {
            throw Unexpected(try await world.outbox.item(item.id))
        }
        #expect((delivery.delivered, delivery.waiting) == (0, 1))
        #expect((why.reason, why.action) == (.serverAskedToWait, .none))
        #expect(try #require(why.until) > item.capturedAt.addingTimeInterval(899))
        #expect(delivery.next == why.until)
    }

    @Test("a host that cannot be reached is a wait with its end")
    func unreachable() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        try await world.sandbox.network(.refused)

        try await world.deliver()
        let left = try await world.outbox.item(item.id)
        let why = try #require(left.why)
        #expect(why.reason == .unreachable && why.until != nil)
        #expect(try await world.sandbox.ledger().isEmpty)
    }

    @Test("a refused token is asked for again, then delivers")
    func refusedToken() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        let (old, asked) = (try world.sandbox.account().token, Notes<String>())
        let new = try await world.sandbox.rotateToken()

        let delivery = try await world.outbox.deliver { account in
            await asked.note(account) == 0 ? old : new
        }
        #expect(await asked.all == ["acme", "acme"])
        #expect(delivery.delivered == 1 && delivery.tokenErrors.isEmpty)
        #expect(try await world.outbox.item(item.id).state == .delivered)
    }

    @Test("a token that is refused twice waits for a sign-in, and goes on after it")
    func twiceRefusedToken() async throws {
        let world = try await World()
        let (item, asked) = (try await world.captureNote(), Notes<String>())

        let delivery = try await world.outbox.deliver { account in
            await asked.note(account)
            return "stale"
        }
        let left = try await world.outbox.item(item.id)
        let why = try #require(left.why)
        #expect(await asked.all.count == 2)
        #expect((delivery.delivered, delivery.waiting) == (0, 1))
        #expect((why.reason, why.action) == (.tokenWanted, .signIn))
        #expect(try await world.deliver().delivered == 1)
    }

    @Test("a token that is handed in later wakes a delivery that stays")
    func tokenLater() async throws {
        let world = try await World()
        _ = try await world.captureNote()
        let items = world.outbox.items(of: world.job)
        let delivery = Task { try await world.outbox.deliver(watch: true) { _ in nil } }

        _ = try await items.first { items in items.first?.why?.action == .signIn }
        try await world.outbox.putToken(try world.sandbox.account().token, for: "acme")
        _ = try await world.outbox.items(of: world.job).first { items in items.first?.state == .delivered }
        delivery.cancel()
        await #expect(throws: CancellationError.self) { try await delivery.value }
    }

    @Test("nothing that one person captured leaves under another's token")
    func persons() async throws {
        let world = try await World()
        let hers = try await world.outbox.capture(.text("hers", person: "jo"), for: world.job)
        let his = try await world.outbox.capture(.text("his", person: "sam"), for: world.job)
        let nobodys = try await world.captureNote()
        let token = try world.sandbox.account().token

        try await world.outbox.deliver(with: SignedIn(token: Token(token, of: "sam")))
        let left = try await world.outbox.item(hers.id)
        let why = try #require(left.why)
        #expect((why.reason, why.action) == (.tokenWanted, .signIn) && why.detail?.contains("jo") == true)
        #expect(try await world.outbox.item(his.id).state == .delivered)
        #expect(try await world.outbox.item(nobodys.id).state == .delivered)

        let delivery = Task { try await world.outbox.deliver(with: SignedIn(token: nil), watch: true) }
        _ = try await world.outbox.items(of: world.job).first { items in
            items.first?.why?.reason == .tokenWanted && items.first?.why?.detail == nil
        }
        try await world.outbox.putToken(token, of: "jo", for: "acme")
        _ = try await world.outbox.items(of: world.job).first { items in items.first?.state == .delivered }
        delivery.cancel()
        await #expect(throws: CancellationError.self) { try await delivery.value }
    }

    @Test("a token shows itself nowhere")
    func discreet() {
        let token = Token("s3cret", of: "jo")
        var dumped = ""
        dump(token, to: &dumped)
        for shown in ["\(token)", String(reflecting: token), dumped] { #expect(!shown.contains("s3cret")) }
        #expect(token == Token("s3cret", of: "jo") && token != Token("s3cret"))
    }

    @Test("a sign-in that fails holds up its account alone, and what it threw is told")
    func failingSignIn() async throws {
        let world = try await World()
        let token = try world.sandbox.account().token
        try world.putAccount("other", in: world.outbox)
        let item = try await world.captureNote()
        try await world.outbox.capture(.text("elsewhere"), for: WorkOrder(account: "other", id: "10235"))

        let delivery = try await world.outbox.deliver { account in
            if account == "acme" { throw NoSignIn() }
            return token
        }
        #expect((delivery.delivered, delivery.waiting) == (1, 1))
        #expect(delivery.tokenErrors.keys.sorted() == ["acme"])
        #expect(delivery.tokenErrors["acme"] is NoSignIn)
        #expect(try await world.outbox.item(item.id).why?.reason == .tokenWanted)
    }

    @Test("what cannot be a token is told like a sign-in that fails")
    func impossibleToken() async throws {
        let world = try await World()
        _ = try await world.captureNote()
        let delivery = try await world.outbox.deliver { _ in "two words" }
        let error = try #require(delivery.tokenErrors["acme"] as? OutboxError)
        #expect(delivery.waiting == 1)
        guard case .invalid = error else { throw Unexpected(error) }
        #expect(!error.message.contains("two words"), "a secret is in no message")
    }

    @Test("a listener that gives up does not stop delivery")
    func readerGivesUp() async throws {
        let world = try await World()
        for note in 1...3 { _ = try await world.captureNote("note \(note)") }
        let events = world.outbox.events
        let reader = Task {
            for await event in events {
                if case .changed = event { throw NoSignIn() }
            }
        }
        let delivery = try await world.deliver()
        await #expect(throws: NoSignIn.self) { try await reader.value }
        #expect(delivery.delivered == 3)
    }

    @Test("cancellation breaks a transfer off, and the next delivery delivers once")
    func cancellation() async throws {
        // The sandbox lists at once, so no time has to pass before absence may be believed; 20 seconds otherwise.
        let world = try await World(settings: ["settle": "0"])
        let item = try await world.captureNote()
        let events = world.outbox.events
        try await world.sandbox.network(.silent)
        let delivery = Task { try await world.deliver() }

        _ = try await events.first { event in event.isAllSent }
        delivery.cancel()
        await #expect(throws: CancellationError.self) { try await delivery.value }
        let left = try await world.outbox.item(item.id)
        #expect(left.state == .verifying, "all of it left, so it may have arrived")

        try await world.sandbox.network(.up)
        #expect(try await world.deliver().delivered == 1)
        #expect(try await world.sandbox.ledger().map(\.name) == [item.name])
    }

    @Test("cancellation ends a sign-in that waits")
    func cancelledSignIn() async throws {
        let world = try await World()
        let (item, asked, never) = (try await world.captureNote(), Signal(), Signal())
        let delivery = Task {
            try await world.outbox.deliver { _ in
                asked.tell()
                await never.wait()  // a stream: it ends with its task
                return nil
            }
        }
        await asked.wait()
        delivery.cancel()
        await #expect(throws: CancellationError.self) { try await delivery.value }
        #expect(try await world.outbox.item(item.id).attempts == 0)
        #expect(try await world.deliver().delivered == 1)
    }

    @Test("a task that is cancelled before does not begin to deliver")
    func cancelledBefore() async throws {
        let world = try await World()
        _ = try await world.captureNote()
        let begin = Signal()
        let delivery = Task {
            await begin.wait()
            return try await world.deliver()
        }
        delivery.cancel()
        begin.tell()
        await #expect(throws: CancellationError.self) { try await delivery.value }
        #expect(try await world.sandbox.ledger().isEmpty)
    }

    @Test("a lost answer is settled by looking, and the item is there once")
    func lostAnswer() async throws {
        let world = try await World()
        let item = try await world.captureNote()
        try await world.sandbox.nextUpload(meets: ["kind": "lose_answer"])

        let token = try world.sandbox.account().token
        let delivery = try await world.outbox.deliver(patience: 60) { _ in token }
        #expect(delivery.delivered == 1)
        #expect(try await world.outbox.item(item.id).receipt?.proof == .found)
        #expect(try await world.sandbox.ledger().count == 1)
    }

    @Test("two outboxes deliver at the same time")
    func twoOutboxes() async throws {
        let world = try await World()
        let other = try Outbox(at: world.folder.appendingPathComponent("other"))
        defer { other.close() }
        try world.putAccount("acme", in: other)
        _ = try await world.captureNote("one")
        try await other.capture(.text("other"), for: world.job)

        // Each sign-in answers only once both were asked.
        let (token, one, two) = (try world.sandbox.account().token, Signal(), Signal())
        async let first = world.outbox.deliver { _ in
            one.tell()
            await two.wait()
            return token
        }
        async let second = other.deliver { _ in
            two.tell()
            await one.wait()
            return token
        }
        #expect(try await (first.delivered, second.delivered) == (1, 1))
        #expect(try await world.sandbox.ledger().count == 2)
    }

    @Test("a second delivery of one outbox joins the first, that of another opening is refused")
    func joined() async throws {
        let world = try await World()
        _ = try await world.captureNote()
        let (token, asked, answer) = (try world.sandbox.account().token, Signal(), Signal())
        let first = Task {
            try await world.outbox.deliver { _ in
                asked.tell()
                await answer.wait()
                return token
            }
        }
        await asked.wait()
        let other = try Outbox(at: world.folder.appendingPathComponent("outbox"))
        defer { other.close() }
        let error = try await outboxError { try await other.deliver { _ in token } }
        guard case .alreadyDelivering = error else { throw Unexpected(error) }

        // Whether it joins before the token comes or begins after the first, what it captured before arrives.
        let two = try await world.captureNote("two")
        async let second = world.deliver()
        answer.tell()
        #expect(try await second.waiting == 0)
        #expect(try await world.outbox.item(two.id).state == .delivered)
        _ = try await first.value
        #expect(try await world.sandbox.ledger().count == 2)
    }

    @Test("where the running delivery is cancelled, the one that joined takes over")
    func takenOver() async throws {
        let world = try await World()
        let (item, asked, never) = (try await world.captureNote(), Signal(), Signal())
        let first = Task {
            try await world.outbox.deliver { _ in
                asked.tell()
                await never.wait()
                return nil
            }
        }
        await asked.wait()
        async let second = world.deliver()
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(try await second.delivered == 1)
        #expect(try await world.outbox.item(item.id).state == .delivered)
    }

    @Test("times that cannot be are refused, not crashed on", arguments: [-1, -TimeInterval.infinity, .nan])
    func impossibleTimes(time: TimeInterval) async throws {
        let world = try await World()
        for http in [Http(), Http(connect: time), Http(idle: time)] {
            let patience = http == Http() ? time : 0
            let error = try await outboxError {
                try await world.outbox.deliver(patience: patience, http: http) { _ in nil }
            }
            guard case .invalid = error else { throw Unexpected(error) }
        }
    }

    @Test("patience may be without end")
    func endlessPatience() async throws {
        let world = try await World()
        _ = try await world.captureNote()
        let token = try world.sandbox.account().token
        #expect(try await world.outbox.deliver(patience: .infinity) { _ in token }.delivered == 1)
    }
}

private struct NoSignIn: Error {}

private struct SignedIn: Tokens {
    let token: Token?

    func token(for account: Account.ID) async throws -> Token? { token }
}

struct Unexpected: Error {
    let what: String

    init(_ what: some Any) {
        self.what = "\(what)"
    }
}
