//! DigitalRealty.
