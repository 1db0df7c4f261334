package dev.fieldpost

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import kotlin.time.Duration.Companion.seconds

/** What a system holds, asked at once: what it answers, why it does not, and how a call ends before it does. */
class RemoteTest : StoryTest() {
    private val remote get() = outbox.remote(job) { sandbox.token }

    /** A note that the system has. */
    private suspend fun Outbox.delivered(text: String): Item {
        val item = capture(Text(text), job)
        deliver { sandbox.token }
        return item(item.id)
    }

    private fun isAsking() =
        Thread.getAllStackTraces().values.any { stack ->
            stack.any { it.className == NativeOutbox::class.java.name && it.methodName.startsWith("remote") }
        }

    @Test
    fun `the list names the item whose receipt an attachment is, and one is got by its id`() =
        story {
            val item = outbox.delivered("one")
            val theirs = outbox("theirs").use { it.delivered("theirs") }

            val list = remote.list()

            assertTrue(list.complete)
            assertEquals(listOf(item.id, null), list.entries.map { it.ours })
            assertEquals(listOf(item, theirs).map { it.receipt?.remoteId }, list.entries.map { it.remoteId })
            assertEquals(item.name to item.sent?.bytes, list.entries[0].let { it.name to it.bytes })
            assertEquals(list.entries[1], remote.get(theirs.receipt?.remoteId!!))
            val missing = assertThrows<OutboxException.Unanswered> { remote.get("4711") }
            assertEquals(Reason.ATTACHMENT_MISSING, missing.why.reason)
        }

    @Test
    fun `a download is what was sent, and never takes the place of a file`() =
        story {
            val item = outbox.delivered("the boiler's plate is gone")
            val (id, to) = item.receipt?.remoteId!! to folder.resolve("note.txt")

            val download = remote.download(id, to)

            assertEquals(Integrity.SENT to item.sent?.sha256, download.integrity to download.sha256)
            assertEquals(item.id to item.sent?.bytes, download.entry.ours to download.bytes)
            assertEquals("the boiler's plate is gone", to.readText())

            to.writeText("mine")
            val refused = assertThrows<OutboxException.Invalid> { remote.download(id, to) }
            assertTrue(to.path in refused.message!!, refused.message)
            assertEquals("mine", to.readText())
        }

    @Test
    fun `a folder is made once, and deleted by an operation of its own`() =
        story {
            val nation = sandbox.system("fieldnation")
            outbox.putAccount(FieldNation("nation", nation.url))
            val job = WorkOrder("nation", nation.workOrder)
            val remote = outbox.remote(job, Tokens { Token(nation.token, person = "jo") })

            val made = remote.makeFolder("Plans")

            assertEquals("Plans" to true, made.name to made.created)
            assertEquals(made.copy(created = false), remote.makeFolder("Plans"))
            assertTrue("Plans" in sandbox.folders(nation.workOrder))
            val deletion = outbox.deleteFolder(job, made.remoteId)
            assertEquals(Operation.DELETE_FOLDER, deletion.operation)
            assertEquals(1, outbox.deliver { nation.token }.delivered)
            assertFalse("Plans" in sandbox.folders(nation.workOrder))
        }

    @Test
    fun `what a system cannot be asked is invalid`() =
        story {
            assertThrows<OutboxException.Invalid> { remote.makeFolder("Plans") }
            assertThrows<OutboxException.Invalid> { outbox.deleteFolder(job, "1") }
            val http = listOf(Http(connect = (-1).seconds), Http(extraRoots = listOf(byteArrayOf(1))))
            for (wrong in http) {
                assertThrows<OutboxException.Invalid> { outbox.remote(job, wrong) { sandbox.token }.list() }
            }
            val nobody = outbox.remote(WorkOrder("nobody", "1")) { sandbox.token }
            assertThrows<OutboxException.UnknownAccount> { nobody.list() }
            assertTrue(sandbox.requests().isEmpty())
        }

    @Test
    fun `without a token, a network or a work order the reason is told, and what helps`() =
        story {
            val noToken = assertThrows<OutboxException.Unanswered> { outbox.remote(job) { null }.list() }
            assertEquals(Reason.TOKEN_WANTED to Action.SIGN_IN, noToken.why.reason to noToken.why.action)
            assertEquals("the system wants a token: sign in, and try again", noToken.message)

            val noJob = outbox.remote(WorkOrder("acme", "cellar")) { sandbox.token }
            val notValid = assertThrows<OutboxException.Unanswered> { noJob.list() }
            assertEquals(Reason.WORK_ORDER_NOT_VALID, notValid.why.reason)

            outbox.setConditions(Conditions(Network.NONE, Power.BATTERY))
            val offline = assertThrows<OutboxException.Unanswered> { remote.list() }
            assertEquals(Reason.NO_NETWORK to Action.CONNECT, offline.why.reason to offline.why.action)
            assertTrue(sandbox.requests().isEmpty())
        }

    @Test
    fun `what the sign-in throws is thrown, and so is what cannot be a token`() =
        story {
            class Offline : Exception("the sign-in is not reachable")
            assertThrows<Offline> { outbox.remote(job) { throw Offline() }.list() }
            val refused = assertThrows<OutboxException.Invalid> { outbox.remote(job) { "two words" }.list() }
            assertFalse("two words" in refused.message!!, refused.message)
        }

    @Test
    fun `a refused token is asked for once more`() =
        story {
            val old = sandbox.token
            sandbox.rotate()
            val tokens = ArrayDeque(listOf(old, sandbox.token))
            assertTrue(outbox.remote(job) { tokens.removeFirst() }.list().complete)
        }

    @Test
    fun `a delivery and two calls that ask for one account at once each have their own answer`() =
        story {
            val item = outbox.capture(Text("hers", person = "jo"), job)
            val asked = List(3) { CompletableDeferred<Unit>() }

            suspend fun <T> T.onceAllAsked(index: Int): T {
                asked[index].complete(Unit)
                asked.awaitAll()
                return this
            }
            val none = async { runCatching { outbox.remote(job) { null.onceAllAsked(0) }.list() } }
            val list = async { outbox.remote(job) { sandbox.token.onceAllAsked(1) }.list() }
            val delivery = async { outbox.deliver(Tokens { Token(sandbox.token, person = "jo").onceAllAsked(2) }) }

            assertEquals(1, delivery.await().delivered)
            assertTrue(outbox.item(item.id).receipt != null)
            assertTrue(list.await().complete)
            val failure = none.await().exceptionOrNull() as OutboxException.Unanswered
            assertEquals(Reason.TOKEN_WANTED, failure.why.reason)
        }

    @Test
    fun `a call that is cancelled while the system is silent returns once it has ended, and changes no delivery`() =
        story {
            val item = outbox.delivered("one")
            val to = folder.resolve("note.txt")
            sandbox.network("silent")
            val asked = CompletableDeferred<Unit>()
            val download =
                async {
                    val remote = outbox.remote(job) { sandbox.token.also { asked.complete(Unit) } }
                    remote.download(item.receipt?.remoteId!!, to)
                }
            asked.await()

            download.cancelAndJoin()

            assertFalse(isAsking())
            assertThrows<CancellationException> { download.await() }
            assertEquals(emptyList<String>(), folder.list().orEmpty().filter { it.startsWith("note.txt") })
            sandbox.network("up")
            assertEquals(1, remote.list().entries.size)
        }

    @Test
    fun `cancelling also cancels the sign-in that is asked`() =
        story {
            val asked = CompletableDeferred<Unit>()
            val told = CompletableDeferred<Throwable>()
            val asking =
                launch {
                    outbox
                        .remote(job) {
                            currentCoroutineContext().job.invokeOnCompletion { told.complete(it!!) }
                            asked.complete(Unit)
                            awaitCancellation()
                        }.list()
                }
            asked.await()
            assertTrue(isAsking())

            asking.cancelAndJoin()

            assertFalse(isAsking())
            assertTrue(told.await() is CancellationException)
        }

    @Test
    fun `a stop of the deliveries leaves a call alone, and closing ends it`() =
        story {
            val asked = CompletableDeferred<Unit>()
            val asking =
                async {
                    runCatching {
                        outbox
                            .remote(job) {
                                asked.complete(Unit)
                                awaitCancellation()
                            }.list()
                    }
                }
            asked.await()
            outbox.stop()
            assertTrue(isAsking())

            outbox.close()

            val ended = asking.await().exceptionOrNull() as OutboxException.Unanswered
            assertEquals(Reason.PAUSED, ended.why.reason)
        }
}
