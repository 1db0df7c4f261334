package dev.fieldpost

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlin.time.Duration.Companion.seconds

/** A test that suspends. The limit ends one that hangs; none waits for it. */
fun story(tell: suspend CoroutineScope.() -> Unit): Unit = runBlocking { withTimeout(60.seconds, tell) }
