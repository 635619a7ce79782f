-- Removing a contact follows these from a conversation to its decisions, and from those to messages and what waits to be sent: without
-- an index each row would be sought in the whole table.
create index gate_decision_conversation on gate_decision (workspace_id, conversation_id);
create index message_gate_decision on message (workspace_id, gate_decision_id) where gate_decision_id is not null;
create index outbox_gate_decision on outbox (workspace_id, gate_decision_id);
