import FieldpostNative

extension Item: Identifiable {
    /// Why it is not delivered, until when, and what would help. Nil for what is delivered, cancelled or on its way.
    public var why: Why? {
        switch status {
        case .captured(let why), .queued(let why), .waiting(let why), .verifying(let why), .blocked(let why): why
        case .sending, .delivered, .cancelled: nil
        }
    }

    /// The proof of delivery. Nil for what is not delivered.
    public var receipt: Receipt? {
        if case .delivered(let receipt) = status { receipt } else { nil }
    }

    /// Where it stands, without its reason or proof.
    public var state: State {
        switch status {
        case .captured: .captured
        case .queued: .queued
        case .sending: .sending
        case .waiting: .waiting
        case .verifying: .verifying
        case .blocked: .blocked
        case .delivered: .delivered
        case .cancelled: .cancelled
        }
    }
}
