import FieldpostNative

/// A token, and whose it is. It is kept in memory until the delivery ends, and shows itself nowhere.
public struct Token: Sendable, Hashable {
    /// The token itself, as the system gave it.
    public let value: String
    /// The person whose own it is, by the app's name for them: nothing leaves under it that another person captured. Without
    /// one everything may: a token of the office, or a phone that is not shared.
    public let person: String?

    /// A token, of a person where one is given.
    public init(_ value: String, of person: String? = nil) {
        (self.value, self.person) = (value, person)
    }
}

extension Token: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the token.
    public var description: String { "Token(…)" }
    /// Without the token.
    public var debugDescription: String { description }
    /// Without the token.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// An app's sign-in, for phones that several people use: it says with each token whose it is.
public protocol Tokens: Sendable {
    /// A fresh token for an account, nil where there is none to be had. It is asked when one is needed, and again when one was
    /// refused; for several accounts at a time.
    func token(for account: Account.ID) async throws -> Token?
}

/// A sign-in of one closure, whose tokens are everybody's.
struct Everybodys: Tokens {
    let value: @Sendable (Account.ID) async throws -> String?

    func token(for account: Account.ID) async throws -> Token? {
        try await value(account).map { value in Token(value) }
    }
}
