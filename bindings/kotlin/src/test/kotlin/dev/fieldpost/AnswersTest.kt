package dev.fieldpost

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** What people answer to what is stuck, and the errors where an answer does not fit. */
class AnswersTest : StoryTest() {
    private val unknown = "01990000-0000-7000-8000-00007f3a9c1e"

    @Test
    fun `a blocked item is retried by hand, and delivered once what blocked it is mended`() =
        story {
            val item = outbox.capture(Text("one"), job)
            sandbox.workOrder("10234", "rejected")
            assertEquals(1, outbox.deliver { sandbox.token }.blocked)

            sandbox.workOrder("10234", "open")
            val reason = outbox.item(item.id).why!!.reason
            assertEquals(emptyList<ItemId>(), outbox.retryAll(because = Reason.OUTCOME_UNKNOWN))
            assertEquals(listOf(item.id), outbox.retryAll(because = reason))
            assertEquals(1, outbox.deliver { sandbox.token }.delivered)
            assertFalse(outbox.retry(item.id))

            val other = outbox.capture(Text("two"), WorkOrder("acme", "10240"))
            assertEquals(1, outbox.deliver { sandbox.token }.blocked)
            assertTrue(outbox.retry(other.id))
            assertEquals(State.QUEUED, outbox.item(other.id).state)
        }

    @Test
    fun `what is given up is not sent, and its account can be removed`() =
        story {
            val item = outbox.capture(Text("one"), job)
            val busy = assertThrows<OutboxException.AccountBusy> { outbox.removeAccount("acme") }
            assertTrue("'acme'" in busy.message!!, busy.message)

            outbox.cancel(item.id)
            assertEquals(Status.Cancelled, outbox.item(item.id).status)
            assertEquals(0, outbox.deliver { error("no token is wanted") }.delivered)

            outbox.removeAccount("acme")
            assertEquals(emptyList<AccountInfo>(), outbox.accounts())
            assertThrows<OutboxException.UnknownAccount> { outbox.removeAccount("acme") }
        }

    @Test
    fun `a doubt is settled by what a person saw, and the receipt says so`() =
        story {
            val item = outbox.capture(Text("one"), job)
            sandbox.faultOnUploads(""""fault": {"kind": "lose_answer"}""")
            sandbox.fault(
                """"system": "corrigopro", "operation": "list", "times": "forever",
                   "fault": {"kind": "status", "status": 503, "when": "before"}""",
            )
            outbox.deliver { sandbox.token }
            assertTrue(outbox.item(item.id).status is Status.Verifying, "${outbox.item(item.id)}")

            outbox.settle(item.id, Settlement.Delivered("attachment 7"))

            val receipt = outbox.item(item.id).receipt
            assertEquals(Proof.PERSON to "attachment 7", receipt?.proof to receipt?.remoteId)
        }

    @Test
    fun `an answer that comes too late says where the item stands`() =
        story {
            val item = outbox.capture(Text("one"), job)
            val undoubted = assertThrows<OutboxException.NotNow> { outbox.settle(item.id, Settlement.Absent) }
            assertTrue("in doubt" in undoubted.message!!, undoubted.message)

            outbox.deliver { sandbox.token }
            val delivered = assertThrows<OutboxException.NotNow> { outbox.cancel(item.id) }
            assertTrue("delivered" in delivered.message!!, delivered.message)
        }

    @Test
    fun `an answer about an item that is not here names it`() =
        story {
            val answers: List<suspend () -> Any> =
                listOf(
                    { outbox.retry(unknown) },
                    { outbox.cancel(unknown) },
                    { outbox.settle(unknown, Settlement.Absent) },
                    { outbox.forget(unknown) },
                    { outbox.item(unknown) },
                )
            for (answer in answers) {
                val error = assertThrows<OutboxException.UnknownItem> { answer() }
                assertTrue(unknown in error.message!!, error.message)
            }
        }

    @Test
    fun `a setting that the system does not know is refused by name`() =
        story {
            val error = assertThrows<OutboxException.Invalid> { outbox.putAccount(acme("colour" to "red")) }
            assertTrue("colour" in error.message!!, error.message)
        }

    @Test
    fun `the conditions are as they were told, also when the outbox is opened again`() =
        story {
            val told = Conditions(Network.METERED, Power.LOW)
            outbox.setConditions(told)
            outbox.close()
            outbox("outbox").use { assertEquals(told, it.conditions()) }
        }
}
