// What of the generated code is shown to apps, by name: everything else of it stays hidden behind `Outbox`.
//
// A name that another module of an app is likely to have too (`State` of SwiftUI, `Operation` of Foundation, `Network`)
// is not exported, but hung under the type that it belongs to.

import FieldpostNative

@_exported import struct FieldpostNative.Account
@_exported import struct FieldpostNative.AccountInfo
@_exported import enum FieldpostNative.Attachment
@_exported import enum FieldpostNative.Cap
@_exported import struct FieldpostNative.Capabilities
@_exported import struct FieldpostNative.Capture
@_exported import struct FieldpostNative.CheckReport
@_exported import struct FieldpostNative.Conditions
@_exported import enum FieldpostNative.Event
@_exported import enum FieldpostNative.ExifPolicy
@_exported import struct FieldpostNative.Export
@_exported import struct FieldpostNative.Exported
@_exported import struct FieldpostNative.Finding
@_exported import struct FieldpostNative.Http
@_exported import struct FieldpostNative.Item
@_exported import enum FieldpostNative.Keep
@_exported import enum FieldpostNative.ProfilePolicy
@_exported import struct FieldpostNative.Receipt
@_exported import struct FieldpostNative.RemoteEntry
@_exported import struct FieldpostNative.RemoteFolder
@_exported import struct FieldpostNative.RemoteList
@_exported import struct FieldpostNative.Requires
@_exported import enum FieldpostNative.Settlement
@_exported import struct FieldpostNative.Why
@_exported import struct FieldpostNative.WorkOrder

extension Account: Identifiable {
    /// The work-order systems that Fieldpost speaks.
    public typealias Provider = FieldpostNative.ProviderKind
}

extension Capture {
    /// What is captured, as `.photo(...)` and its like make it.
    public typealias Source = FieldpostNative.Source
}

extension Conditions {
    /// The network, as the app tells it.
    public typealias Network = FieldpostNative.Network
    /// The power, as the app tells it.
    public typealias Power = FieldpostNative.Power
}

extension Finding {
    /// What can be found.
    public typealias Kind = FieldpostNative.FindingKind
}

extension Item {
    /// What is remarkable about an item.
    public typealias Flag = FieldpostNative.Flag
    /// What was captured.
    public typealias Kind = FieldpostNative.Kind
    /// What is to be done at the system.
    public typealias Operation = FieldpostNative.Operation
    /// The file as it was captured.
    public typealias Original = FieldpostNative.Original
    /// The file as it is sent.
    public typealias Sent = FieldpostNative.Sent
    /// Where an item stands, without its reason or proof: to list by.
    public typealias State = FieldpostNative.State
    /// Where an item stands: what is not delivered says why, what is delivered has its receipt.
    public typealias Status = FieldpostNative.Status
}

extension Receipt {
    /// How we know that an item was delivered.
    public typealias Proof = FieldpostNative.Proof
}

extension Remote {
    /// A file that was downloaded.
    public typealias Download = FieldpostNative.Download
}

extension Remote.Download {
    /// What a download was compared with.
    public typealias Integrity = FieldpostNative.Integrity
}

extension Why {
    /// What would help an item on.
    public typealias Action = FieldpostNative.Action
    /// Why an item is not delivered: the closed list.
    public typealias Reason = FieldpostNative.Reason
}
