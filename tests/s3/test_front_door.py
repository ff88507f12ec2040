"""What clients can do with tables, tried with a lake on an object store: the same tests as on local disk."""

from __future__ import annotations

from tests.gateway.test_tables import (  # noqa: F401
    db,
    items,
    other,
    schema,
    test_a_table_remembers_what_it_was_given,
    test_a_transaction_sees_itself_and_nobody_else_does,
    test_added_columns_are_null_in_old_rows,
    test_an_update_computes_its_values_once,
    test_comments_keys_and_indexes_are_shown,
    test_conflicting_changes_fail_to_commit,
    test_create_table_as_takes_columns_and_rows,
    test_defaults_fill_columns_that_are_not_named,
    test_delete,
    test_insert_of_a_query_reads_the_table_itself,
    test_many_inserts_in_a_transaction_are_one_commit,
    test_partitioned_tables,
    test_reads_in_a_transaction_see_one_version,
    test_refusals_change_nothing,
    test_rename_keeps_rows,
    test_returning,
    test_rights_are_enforced,
    test_rollback_leaves_nothing,
    test_rows_come_as_they_were_inserted,
    test_savepoints_undo_a_part,
    test_tenants_do_not_see_each_other,
    test_update_from_another_table,
    test_views_read_their_tables,
)
from tests.statements.test_maintenance import (  # noqa: F401
    t,
    test_history_and_detail,
    test_history_as_a_relation,
    test_inside_a_transaction,
    test_optimize,
    test_restore,
    test_restore_takes_the_columns_back,
    test_rights,
    test_twins,
    test_vacuum_by_path,
)
from tests.timetravel.conftest import lake, orders  # noqa: F401
from tests.timetravel.test_gateway import (  # noqa: F401
    test_a_time_after_the_last_commit,
    test_columns_of_the_version_read,
    test_inside_other_statements,
    test_parameters,
    test_session,
    test_times,
)
