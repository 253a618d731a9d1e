package commands_test

import "testing"

func TestAccounts(t *testing.T) {
	t.Parallel()
	granted := steps(masterData, []step{
		ok(`OP/operator account.grant {"account_id":"amy","role":"buyer","party_id":"B"}`),
		ok(`OP/operator account.grant {"account_id":"ole","role":"officer"}`),
	})
	rules(t, map[string][]step{
		"NothingBeforeTheProgramme": {
			no(`OP/operator account.grant {"account_id":"amy","role":"operator"}`, "programme.not_open", ""),
		},
		"OnlyTheOperatorGivesRoles": steps(masterData, []step{
			no(`O1/officer account.grant {"account_id":"amy","role":"operator"}`, "role.denied", "role"),
			no(`O1/officer account.revoke {"account_id":"amy","reason":"r"}`, "role.denied", "role"),
		}),
		"NoAccountIsTheSystem": steps(masterData, []step{
			no(`OP/operator account.grant {"account_id":"amy","role":"system"}`, "value.unknown_word", "role"),
			no(`OP/operator account.grant {"account_id":"amy","role":"boss"}`, "value.unknown_word", "role"),
			no(`OP/operator account.grant {"account_id":"amy"}`, "value.missing", "role"),
			no(`OP/operator account.grant {"role":"officer"}`, "value.missing", "account_id"),
		}),
		"APartyRoleNeedsAPartyOfItsKind": steps(masterData, []step{
			no(`OP/operator account.grant {"account_id":"amy","role":"buyer"}`, "account.party_missing", "party_id"),
			no(`OP/operator account.grant {"account_id":"amy","role":"buyer","party_id":"C"}`, "party.wrong_kind", "party_id"),
			no(`OP/operator account.grant {"account_id":"amy","role":"cooperative","party_id":"X"}`, "party.unknown", "party_id"),
			ok(`O1/officer party.close {"party_id":"K","reason":"r"}`),
			no(`OP/operator account.grant {"account_id":"amy","role":"carrier","party_id":"K"}`, "party.closed", "party_id"),
		}),
		"OneRoleAtATime": steps(granted, []step{
			no(`OP/operator account.grant {"account_id":"amy","role":"buyer","party_id":"B"}`, "account.already_granted", "account_id"),
			no(`OP/operator account.grant {"account_id":"amy","role":"officer"}`, "account.already_granted", "account_id"),
			ok(`OP/operator account.revoke {"account_id":"amy","reason":"left"}`),
			no(`OP/operator account.revoke {"account_id":"amy","reason":"left"}`, "account.already_revoked", "account_id"),
			ok(`OP/operator account.grant {"account_id":"amy","role":"officer"}`),
		}),
		"WhatWasNeverGivenIsNotTakenAway": steps(granted, []step{
			no(`OP/operator account.revoke {"account_id":"zoe","reason":"left"}`, "account.unknown", "account_id"),
			no(`OP/operator account.revoke {"account_id":"amy"}`, "value.missing", "reason"),
		}),
	})
}
