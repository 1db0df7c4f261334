package dev.fieldpost

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

/** The way from the JVM through JNA into the native library is open, and both sides are one release. */
class NativeLibraryTest {
    @Test
    fun `the native library is of the same version as the Kotlin artifact`() {
        assertEquals(System.getProperty("fieldpost.version"), version())
    }
}
