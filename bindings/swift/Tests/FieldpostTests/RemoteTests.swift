import Fieldpost
import Foundation
import Testing

/// What a system holds, asked at once: what it answers, why it does not, and how a call ends before it does.
@Suite("What a system holds", .timeLimit(.minutes(1)))
struct RemoteTests {
    @Test("the list names the item whose receipt an attachment is, and one is got by its id")
    func listed() async throws {
        let world = try await World()
        let item = try await world.deliveredNote("one")
        let other = try Outbox(at: world.folder.appendingPathComponent("other"))
        defer { other.close() }
        try world.putAccount("acme", in: other)
        let token = try world.sandbox.account().token
        try await other.capture(.text("theirs"), for: world.job)
        try await other.deliver { _ in token }

        let remote = try world.remote()
        let list = try await remote.list()
        #expect(list.complete && list.entries.map(\.ours) == [item.id, nil])
        let (ours, theirs) = (try #require(list.entries.first), try #require(list.entries.last))
        #expect((ours.id, ours.name, ours.bytes) == (item.receipt?.remoteId, item.name, item.sent?.bytes))
        #expect(try await remote.get(theirs.id) == theirs)
        let why = try await unanswered { try await remote.get("4711") }
        #expect(why.reason == .attachmentMissing)
    }

    @Test("a download is what was sent, and never takes the place of a file")
    func downloaded() async throws {
        let world = try await World()
        let item = try await world.deliveredNote("the boiler's plate is gone")
        let (id, file) = (try #require(item.receipt?.remoteId), world.folder.appendingPathComponent("note.txt"))

        let download = try await world.remote().download(id, to: file)
        #expect((download.integrity, download.sha256, download.bytes) == (.sent, item.sent?.sha256, item.sent?.bytes))
        #expect(download.entry.ours == item.id)
        #expect(try String(contentsOf: file, encoding: .utf8) == "the boiler's plate is gone")

        try Data("mine".utf8).write(to: file)
        let refused = try await outboxError { try await world.remote().download(id, to: file) }
        guard case .invalid(let message) = refused, message.contains(file.path) else { throw Unexpected(refused) }
        #expect(try Data(contentsOf: file) == Data("mine".utf8))
        let web = try #require(URL(string: "https://a.example/note.txt"))
        let noFile = try await outboxError { try await world.remote().download(id, to: web) }
        guard case .invalid = noFile else { throw Unexpected(noFile) }
    }

    @Test("a folder is made once, and deleted by an operation of its own")
    func folders() async throws {
        let world = try await World()
        let nation = try world.sandbox.account("fieldnation")
        try world.outbox.put(.fieldNation(id: "nation", baseURL: nation.url))
        let job = WorkOrder(account: "nation", id: try #require(nation.workOrders.first))
        let remote = world.outbox.remote(of: job, with: SignedIn(token: Token(nation.token, of: "jo")))

        let made = try await remote.makeFolder("Plans")
        let again = try await remote.makeFolder("Plans")
        #expect((made.name, made.created) == ("Plans", true))
        #expect((again.id, again.created) == (made.id, false))

        let deletion = try await world.outbox.deleteFolder(made.id, of: job)
        #expect(deletion.operation == .deleteFolder)
        #expect(try await world.outbox.deliver { _ in nation.token }.delivered == 1)
        #expect(try await remote.makeFolder("Plans").created, "it was gone")
    }

    @Test("what a system cannot be asked is invalid")
    func impossible() async throws {
        let world = try await World()
        let (outbox, job, remote) = (world.outbox, world.job, try world.remote())
        let uses: [() async throws -> Any] = [
            { try await remote.makeFolder("Plans") },
            { try await outbox.deleteFolder("1", of: job) },
            { try await outbox.remote(of: job, http: Http(connect: -1)) { _ in nil }.list() },
            { try await outbox.remote(of: job, http: Http(idle: .nan)) { _ in nil }.list() },
            { try await outbox.remote(of: job, http: Http(extraRoots: [Data("none".utf8)])) { _ in nil }.list() },
        ]
        for use in uses {
            let error = try await outboxError(use)
            guard case .invalid = error else { throw Unexpected(error) }
        }
        let nobody = outbox.remote(of: WorkOrder(account: "nobody", id: "1")) { _ in nil }
        guard case .unknownAccount = try await outboxError({ try await nobody.list() }) else {
            throw Unexpected("another error")
        }
    }

    @Test("without a token, a network or a work order the reason is told, and what helps")
    func reasons() async throws {
        let world = try await World()
        let (outbox, job, remote) = (world.outbox, world.job, try world.remote())
        let noToken = try await outboxError { try await outbox.remote(of: job) { _ in nil }.list() }
        guard case .unanswered(let why, let message) = noToken else { throw Unexpected(noToken) }
        #expect((why.reason, why.action) == (.tokenWanted, .signIn))
        #expect(message == "the system wants a token: sign in, and try again")
        #expect(noToken.localizedDescription == message)

        let cellar = outbox.remote(of: WorkOrder(account: "acme", id: "cellar")) { _ in nil }
        #expect(try await unanswered { try await cellar.list() }.reason == .workOrderNotValid)

        try await outbox.setConditions(Conditions(network: .none, power: .battery))
        let offline = try await unanswered { try await remote.list() }
        #expect((offline.reason, offline.action) == (.noNetwork, .connect))
    }

    @Test("what the sign-in throws is thrown, and so is what cannot be a token")
    func signIn() async throws {
        let world = try await World()
        let (outbox, job) = (world.outbox, world.job)
        await #expect(throws: NoSignIn.self) { try await outbox.remote(of: job) { _ in throw NoSignIn() }.list() }
        let refused = try await outboxError { try await outbox.remote(of: job) { _ in "two words" }.list() }
        guard case .invalid(let message) = refused else { throw Unexpected(refused) }
        #expect(!message.contains("two words"), "a secret is in no message")
    }

    @Test("a refused token is asked for once more")
    func refusedToken() async throws {
        let world = try await World()
        let (old, asked) = (try world.sandbox.account().token, Notes<String>())
        let new = try await world.sandbox.rotateToken()
        let remote = world.outbox.remote(of: world.job) { account in await asked.note(account) == 0 ? old : new }
        #expect(try await remote.list().complete)
        #expect(await asked.all == ["acme", "acme"])
    }

    @Test("a delivery and two calls that ask for one account at once each have their own answer")
    func atOnce() async throws {
        let world = try await World()
        let item = try await world.outbox.capture(.text("hers", person: "jo"), for: world.job)
        let token = try world.sandbox.account().token
        let gate = Gate(for: 3)

        let none = Task {
            try await unanswered {
                try await world.outbox.remote(of: world.job) { _ in
                    await gate.pass()
                    return nil
                }.list()
            }
        }
        async let list = world.outbox.remote(of: world.job) { _ in
            await gate.pass()
            return token
        }.list()
        let hers = SignedIn(token: Token(token, of: "jo")) { await gate.pass() }
        #expect(try await world.outbox.deliver(with: hers).delivered == 1)
        #expect(try await world.outbox.item(item.id).state == .delivered)
        #expect(try await list.complete)
        #expect(try await none.value.reason == .tokenWanted)
    }

    @Test("a call that is cancelled while the system is silent throws once it has ended, and leaves nothing behind")
    func cancellation() async throws {
        let world = try await World()
        let item = try await world.deliveredNote("one")
        let id = try #require(item.receipt?.remoteId)
        let (token, asked) = (try world.sandbox.account().token, Signal())
        try await world.sandbox.network(.silent)
        let file = world.folder.appendingPathComponent("note.txt")
        let download = Task {
            try await world.outbox.remote(of: world.job) { _ in
                asked.tell()
                return token
            }.download(id, to: file)
        }
        await asked.wait()
        download.cancel()
        await #expect(throws: CancellationError.self) { try await download.value }
        let left = try FileManager.default.contentsOfDirectory(atPath: world.folder.path)
        #expect(!left.contains { name in name.hasPrefix("note.txt") })

        try await world.sandbox.network(.up)
        #expect(try await world.remote().list().entries.count == 1)
    }

    @Test("cancellation ends a sign-in that waits, and a task that is cancelled before asks nothing")
    func cancelledSignIn() async throws {
        let world = try await World()
        let (asked, never) = (Signal(), Signal())
        let call = Task {
            try await world.outbox.remote(of: world.job) { _ in
                asked.tell()
                await never.wait()  // a stream: it ends with its task
                return nil
            }.list()
        }
        await asked.wait()
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }

        let begin = Signal()
        let before = Task {
            await begin.wait()
            return try await world.outbox.remote(of: world.job) { _ in throw NoSignIn() }.list()
        }
        before.cancel()
        begin.tell()
        await #expect(throws: CancellationError.self) { try await before.value }
    }

    @Test("a stop of the deliveries leaves a call alone, and closing ends it")
    func closing() async throws {
        let world = try await World()
        let (asked, never) = (Signal(), Signal())
        let call = Task {
            try await unanswered {
                try await world.outbox.remote(of: world.job) { _ in
                    asked.tell()
                    await never.wait()
                    return nil
                }.list()
            }
        }
        await asked.wait()
        try await world.outbox.stop()
        world.outbox.close()
        #expect(try await call.value.reason == .paused)
    }
}

extension World {
    fileprivate func remote() throws -> Remote {
        let token = try sandbox.account().token
        return outbox.remote(of: job) { _ in token }
    }

    /// A note that the system has.
    fileprivate func deliveredNote(_ text: String) async throws -> Item {
        let item = try await captureNote(text)
        try await deliver()
        return try await outbox.item(item.id)
    }
}

private struct NoSignIn: Error {}

private struct SignedIn: Tokens {
    let token: Token?
    var first: @Sendable () async -> Void = {}

    func token(for account: Account.ID) async throws -> Token? {
        await first()
        return token
    }
}

/// Opens once so many wait at it.
private actor Gate {
    private var left: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(for count: Int) {
        left = count
    }

    func pass() async {
        left -= 1
        if left > 0 { return await withCheckedContinuation { continuation in waiting.append(continuation) } }
        for continuation in waiting { continuation.resume() }
    }
}

/// That the call is left unanswered; returns why.
private func unanswered<Value>(_ call: () async throws -> Value) async throws -> Why {
    let error = try await outboxError(call)
    guard case .unanswered(let why, _) = error else { throw Unexpected(error) }
    return why
}
