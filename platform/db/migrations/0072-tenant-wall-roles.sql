-- What work for a workspace changes of its own: roles, kinds of work, duties kept apart, and invitations that are withdrawn.
grant insert, update, delete on own_role, job_function, duty_rule to surety_tenant;
grant update (voided_at), delete on link to surety_tenant;
-- Only so that the row can be held while others wait.
grant update (created_at) on workspace to surety_tenant;
