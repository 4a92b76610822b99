//! A load generator that plays the MTA, and the measurements made with it.
//!
//! Filters are started, put under load on loopback, and stopped: the program of this tree, opendkim
//! beside it, and, in the same rounds, the bare operations that no signer and no verifier can do
//! without. Every answer is checked; processor time and memory are the kernel's figures for the
//! filter's process, so that what the load generator itself needs is no part of them. What comes
//! out are tables in Markdown, and a line for each figure that the project set out to reach.
//!
//! It measures on the machine as it finds it, and says nothing about absolute speed elsewhere:
//! compare by the ratios.
//!
//! | module | what is in it |
//! |---|---|
//! | [`experiments`] | what is found out, one module each |
//! | [`workbench`] | what they share: scratch directory, key, how much is done |
//! | [`configuration`] | the filters' configuration files |
//! | [`peer`] | starting, reaching and stopping a filter |
//! | [`load`] | connections that send messages and check the answers |
//! | [`duty`] | what the answers have to be |
//! | [`mail`], [`body`] | the messages |
//! | [`bare`] | the bare operations |
//! | [`rounds`] | interleaved rounds, medians, ratios |
//! | [`measure`] | what the kernel knows |
//! | [`judge`] | an independent verifier |
//! | [`report`] | tables, and the figures to reach |
//! | [`cleanup`] | nothing is left behind |
//! | [`failure`] | what can go wrong |
#![forbid(unsafe_code)]

pub mod bare;
pub mod body;
pub mod cleanup;
pub mod configuration;
pub mod duty;
pub mod experiments;
pub mod failure;
pub mod judge;
pub mod load;
pub mod mail;
pub mod measure;
pub mod peer;
pub mod report;
pub mod rounds;
pub mod workbench;
