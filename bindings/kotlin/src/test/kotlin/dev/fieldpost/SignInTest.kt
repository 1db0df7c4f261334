package dev.fieldpost

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import kotlin.time.Duration

/** How delivery comes by its tokens, and what becomes of those that are refused, missing or late. */
class SignInTest : StoryTest() {
    private val realty = sandbox.system("digitalrealty")
    private val realtyJob = WorkOrder(account = "dlr", id = realty.workOrder)

    private suspend fun putRealty() =
        outbox.putAccount(DigitalRealty("dlr", realty.url, "DLR-MASTER-1", "DLR-ACCOUNT-7"))

    /** It waits for a sign-in. */
    private fun Item.wantsToken() = why?.let { it.reason to it.action } == (Reason.TOKEN_WANTED to Action.SIGN_IN)

    @Test
    fun `a refused token is asked for again, and the new one delivers`() =
        story {
            outbox.capture(Text("one"), job)
            val old = sandbox.token
            sandbox.rotate()
            val tokens = ArrayDeque(listOf(old, sandbox.token))

            val delivery = outbox.deliver(patience = Duration.INFINITE) { tokens.removeFirst() }

            assertEquals(1 to emptyMap<String, Throwable>(), delivery.delivered to delivery.tokenErrors)
            assertEquals(1, sandbox.accepted().size)
        }

    @Test
    fun `a token that is refused twice is not sent a third time, and its items wait for a sign-in`() =
        story {
            val item = outbox.capture(Text("one"), job)
            val old = sandbox.token
            sandbox.rotate()
            var asked = 0

            val delivery =
                outbox.deliver {
                    asked++
                    old
                }

            assertEquals(0 to 1, delivery.delivered to delivery.waiting)
            assertTrue(outbox.item(item.id).wantsToken(), "${outbox.item(item.id)}")
            assertEquals(2, asked)
            assertTrue(sandbox.accepted().isEmpty())
        }

    @Test
    fun `what a sign-in throws is in the result, and the other accounts go on`() =
        story {
            putRealty()
            val item = outbox.capture(Text("one"), job)
            val other = outbox.capture(Document(picture("plan.png")), realtyJob)

            class Offline : Exception("the sign-in is not reachable")

            val delivery = outbox.deliver { if (it == "dlr") realty.token else throw Offline() }

            assertEquals(1 to 1, delivery.delivered to delivery.waiting)
            assertEquals(setOf("acme"), delivery.tokenErrors.keys)
            assertTrue(delivery.tokenErrors["acme"] is Offline)
            assertTrue(outbox.item(item.id).wantsToken())
            assertEquals(State.DELIVERED, outbox.item(other.id).state)
        }

    @Test
    fun `a time limit of the sign-in's own is its failure, not the delivery's end`() =
        story {
            outbox.capture(Text("one"), job)
            val delivery = outbox.deliver { withTimeout(Duration.ZERO) { awaitCancellation() } }
            assertEquals(1, delivery.waiting)
            assertTrue(delivery.tokenErrors["acme"] is TimeoutCancellationException)
        }

    @Test
    fun `accounts are asked for at once, so that none waits for another's sign-in`() =
        story {
            putRealty()
            outbox.capture(Text("one"), job)
            outbox.capture(Document(picture("plan.png")), realtyJob)
            val asked = mapOf("acme" to CompletableDeferred<Unit>(), "dlr" to CompletableDeferred())
            val tokens = mapOf("acme" to sandbox.token, "dlr" to realty.token)

            val delivery =
                outbox.deliver { account ->
                    asked.getValue(account).complete(Unit)
                    asked.values.forEach { it.await() }
                    tokens[account]
                }

            assertEquals(2, delivery.delivered)
        }

    @Test
    fun `with no token its items wait, and one that is put later lets them go`() =
        story {
            val item = outbox.capture(Text("one"), job)
            val watching = launch { outbox.deliver(watch = true) { null } }
            outbox.awaited(item.id) { it.wantsToken() }

            outbox.putToken("acme", sandbox.token)

            outbox.awaited(item.id) { it.receipt != null }
            watching.cancel()
        }

    @Test
    fun `nothing that one person captured leaves under another's token`() =
        story {
            val hers = outbox.capture(Text("hers", person = "jo"), job)
            val his = outbox.capture(Text("his", person = "sam"), job)
            val nobodys = outbox.capture(Text("nobody's"), job)

            outbox.deliver(Tokens { Token(sandbox.token, person = "sam") })

            assertTrue(outbox.item(hers.id).wantsToken(), "${outbox.item(hers.id)}")
            assertTrue("jo" in outbox.item(hers.id).why?.detail.orEmpty(), "${outbox.item(hers.id)}")
            assertEquals(State.DELIVERED, outbox.item(his.id).state)
            assertEquals(State.DELIVERED, outbox.item(nobodys.id).state)

            val watching = launch { outbox.deliver({ null }, watch = true) }
            outbox.awaited(hers.id) { it.why?.detail == null && it.wantsToken() }
            outbox.putToken("acme", sandbox.token, person = "jo")
            outbox.awaited(hers.id) { it.receipt != null }
            watching.cancel()
        }

    @Test
    fun `what cannot be a token is refused without being repeated`() =
        story {
            val item = outbox.capture(Text("one"), job)

            val delivery = outbox.deliver { "two words" }

            val error = delivery.tokenErrors.getValue("acme")
            assertTrue(error is OutboxException.Invalid && "'acme'" in error.message!!, "$error")
            assertFalse("two words" in error.message!!, error.message)
            assertTrue(outbox.item(item.id).wantsToken())
            assertThrows<OutboxException.Invalid> { outbox.putToken("acme", "") }
        }
}
