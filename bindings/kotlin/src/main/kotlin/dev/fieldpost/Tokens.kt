package dev.fieldpost

/**
 * A token, and whose it is. It is kept in memory until the delivery or the call ends, and shows itself nowhere.
 *
 * @property value the token itself, as the system gave it.
 * @property person the person whose own it is, by the app's name for them: nothing leaves under it that another person
 *   captured. Without one everything may: a token of the office, or a phone that is not shared.
 */
public class Token(public val value: String, public val person: String? = null) {
    override fun equals(other: Any?): Boolean = other is Token && value == other.value && person == other.person

    override fun hashCode(): Int = 31 * value.hashCode() + person.hashCode()

    override fun toString(): String = "Token(…)"
}

/**
 * An app's sign-in, for phones that several people use: it says with each token whose it is.
 *
 * ```kotlin
 * outbox.deliver(Tokens { account -> login.tokenFor(account)?.let { Token(it, person = login.user) } })
 * ```
 */
public fun interface Tokens {
    /**
     * A fresh token for an account; null where there is none. It is asked when one is wanted, and again when one was
     * refused, in the context of [Outbox.deliver]'s or [Remote]'s caller, for several accounts at once.
     */
    public suspend fun token(account: String): Token?
}
