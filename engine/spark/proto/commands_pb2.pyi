from google.protobuf import any_pb2 as _any_pb2
from engine.spark.proto import common_pb2 as _common_pb2
from engine.spark.proto import expressions_pb2 as _expressions_pb2
from engine.spark.proto import relations_pb2 as _relations_pb2
from engine.spark.proto import ml_pb2 as _ml_pb2
from engine.spark.proto import pipelines_pb2 as _pipelines_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StreamingQueryEventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUERY_PROGRESS_UNSPECIFIED: _ClassVar[StreamingQueryEventType]
    QUERY_PROGRESS_EVENT: _ClassVar[StreamingQueryEventType]
    QUERY_TERMINATED_EVENT: _ClassVar[StreamingQueryEventType]
    QUERY_IDLE_EVENT: _ClassVar[StreamingQueryEventType]
QUERY_PROGRESS_UNSPECIFIED: StreamingQueryEventType
QUERY_PROGRESS_EVENT: StreamingQueryEventType
QUERY_TERMINATED_EVENT: StreamingQueryEventType
QUERY_IDLE_EVENT: StreamingQueryEventType

class Command(_message.Message):
    __slots__ = ("register_function", "write_operation", "create_dataframe_view", "write_operation_v2", "sql_command", "write_stream_operation_start", "streaming_query_command", "get_resources_command", "streaming_query_manager_command", "register_table_function", "streaming_query_listener_bus_command", "register_data_source", "create_resource_profile_command", "checkpoint_command", "remove_cached_remote_relation_command", "merge_into_table_command", "ml_command", "execute_external_command", "pipeline_command", "extension")
    REGISTER_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    WRITE_OPERATION_FIELD_NUMBER: _ClassVar[int]
    CREATE_DATAFRAME_VIEW_FIELD_NUMBER: _ClassVar[int]
    WRITE_OPERATION_V2_FIELD_NUMBER: _ClassVar[int]
    SQL_COMMAND_FIELD_NUMBER: _ClassVar[int]
    WRITE_STREAM_OPERATION_START_FIELD_NUMBER: _ClassVar[int]
    STREAMING_QUERY_COMMAND_FIELD_NUMBER: _ClassVar[int]
    GET_RESOURCES_COMMAND_FIELD_NUMBER: _ClassVar[int]
    STREAMING_QUERY_MANAGER_COMMAND_FIELD_NUMBER: _ClassVar[int]
    REGISTER_TABLE_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    STREAMING_QUERY_LISTENER_BUS_COMMAND_FIELD_NUMBER: _ClassVar[int]
    REGISTER_DATA_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CREATE_RESOURCE_PROFILE_COMMAND_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_COMMAND_FIELD_NUMBER: _ClassVar[int]
    REMOVE_CACHED_REMOTE_RELATION_COMMAND_FIELD_NUMBER: _ClassVar[int]
    MERGE_INTO_TABLE_COMMAND_FIELD_NUMBER: _ClassVar[int]
    ML_COMMAND_FIELD_NUMBER: _ClassVar[int]
    EXECUTE_EXTERNAL_COMMAND_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_COMMAND_FIELD_NUMBER: _ClassVar[int]
    EXTENSION_FIELD_NUMBER: _ClassVar[int]
    register_function: _expressions_pb2.CommonInlineUserDefinedFunction
    write_operation: WriteOperation
    create_dataframe_view: CreateDataFrameViewCommand
    write_operation_v2: WriteOperationV2
    sql_command: SqlCommand
    write_stream_operation_start: WriteStreamOperationStart
    streaming_query_command: StreamingQueryCommand
    get_resources_command: GetResourcesCommand
    streaming_query_manager_command: StreamingQueryManagerCommand
    register_table_function: _relations_pb2.CommonInlineUserDefinedTableFunction
    streaming_query_listener_bus_command: StreamingQueryListenerBusCommand
    register_data_source: _relations_pb2.CommonInlineUserDefinedDataSource
    create_resource_profile_command: CreateResourceProfileCommand
    checkpoint_command: CheckpointCommand
    remove_cached_remote_relation_command: RemoveCachedRemoteRelationCommand
    merge_into_table_command: MergeIntoTableCommand
    ml_command: _ml_pb2.MlCommand
    execute_external_command: ExecuteExternalCommand
    pipeline_command: _pipelines_pb2.PipelineCommand
    extension: _any_pb2.Any
    def __init__(self, register_function: _Optional[_Union[_expressions_pb2.CommonInlineUserDefinedFunction, _Mapping]] = ..., write_operation: _Optional[_Union[WriteOperation, _Mapping]] = ..., create_dataframe_view: _Optional[_Union[CreateDataFrameViewCommand, _Mapping]] = ..., write_operation_v2: _Optional[_Union[WriteOperationV2, _Mapping]] = ..., sql_command: _Optional[_Union[SqlCommand, _Mapping]] = ..., write_stream_operation_start: _Optional[_Union[WriteStreamOperationStart, _Mapping]] = ..., streaming_query_command: _Optional[_Union[StreamingQueryCommand, _Mapping]] = ..., get_resources_command: _Optional[_Union[GetResourcesCommand, _Mapping]] = ..., streaming_query_manager_command: _Optional[_Union[StreamingQueryManagerCommand, _Mapping]] = ..., register_table_function: _Optional[_Union[_relations_pb2.CommonInlineUserDefinedTableFunction, _Mapping]] = ..., streaming_query_listener_bus_command: _Optional[_Union[StreamingQueryListenerBusCommand, _Mapping]] = ..., register_data_source: _Optional[_Union[_relations_pb2.CommonInlineUserDefinedDataSource, _Mapping]] = ..., create_resource_profile_command: _Optional[_Union[CreateResourceProfileCommand, _Mapping]] = ..., checkpoint_command: _Optional[_Union[CheckpointCommand, _Mapping]] = ..., remove_cached_remote_relation_command: _Optional[_Union[RemoveCachedRemoteRelationCommand, _Mapping]] = ..., merge_into_table_command: _Optional[_Union[MergeIntoTableCommand, _Mapping]] = ..., ml_command: _Optional[_Union[_ml_pb2.MlCommand, _Mapping]] = ..., execute_external_command: _Optional[_Union[ExecuteExternalCommand, _Mapping]] = ..., pipeline_command: _Optional[_Union[_pipelines_pb2.PipelineCommand, _Mapping]] = ..., extension: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...

class SqlCommand(_message.Message):
    __slots__ = ("sql", "args", "pos_args", "named_arguments", "pos_arguments", "input")
    class ArgsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _expressions_pb2.Expression.Literal
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_expressions_pb2.Expression.Literal, _Mapping]] = ...) -> None: ...
    class NamedArgumentsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _expressions_pb2.Expression
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ...) -> None: ...
    SQL_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    POS_ARGS_FIELD_NUMBER: _ClassVar[int]
    NAMED_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    POS_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    sql: str
    args: _containers.MessageMap[str, _expressions_pb2.Expression.Literal]
    pos_args: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression.Literal]
    named_arguments: _containers.MessageMap[str, _expressions_pb2.Expression]
    pos_arguments: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    input: _relations_pb2.Relation
    def __init__(self, sql: _Optional[str] = ..., args: _Optional[_Mapping[str, _expressions_pb2.Expression.Literal]] = ..., pos_args: _Optional[_Iterable[_Union[_expressions_pb2.Expression.Literal, _Mapping]]] = ..., named_arguments: _Optional[_Mapping[str, _expressions_pb2.Expression]] = ..., pos_arguments: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., input: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ...) -> None: ...

class CreateDataFrameViewCommand(_message.Message):
    __slots__ = ("input", "name", "is_global", "replace")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IS_GLOBAL_FIELD_NUMBER: _ClassVar[int]
    REPLACE_FIELD_NUMBER: _ClassVar[int]
    input: _relations_pb2.Relation
    name: str
    is_global: bool
    replace: bool
    def __init__(self, input: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ..., name: _Optional[str] = ..., is_global: _Optional[bool] = ..., replace: _Optional[bool] = ...) -> None: ...

class WriteOperation(_message.Message):
    __slots__ = ("input", "source", "path", "table", "mode", "sort_column_names", "partitioning_columns", "bucket_by", "options", "clustering_columns", "with_schema_evolution")
    class SaveMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SAVE_MODE_UNSPECIFIED: _ClassVar[WriteOperation.SaveMode]
        SAVE_MODE_APPEND: _ClassVar[WriteOperation.SaveMode]
        SAVE_MODE_OVERWRITE: _ClassVar[WriteOperation.SaveMode]
        SAVE_MODE_ERROR_IF_EXISTS: _ClassVar[WriteOperation.SaveMode]
        SAVE_MODE_IGNORE: _ClassVar[WriteOperation.SaveMode]
    SAVE_MODE_UNSPECIFIED: WriteOperation.SaveMode
    SAVE_MODE_APPEND: WriteOperation.SaveMode
    SAVE_MODE_OVERWRITE: WriteOperation.SaveMode
    SAVE_MODE_ERROR_IF_EXISTS: WriteOperation.SaveMode
    SAVE_MODE_IGNORE: WriteOperation.SaveMode
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class SaveTable(_message.Message):
        __slots__ = ("table_name", "save_method")
        class TableSaveMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            TABLE_SAVE_METHOD_UNSPECIFIED: _ClassVar[WriteOperation.SaveTable.TableSaveMethod]
            TABLE_SAVE_METHOD_SAVE_AS_TABLE: _ClassVar[WriteOperation.SaveTable.TableSaveMethod]
            TABLE_SAVE_METHOD_INSERT_INTO: _ClassVar[WriteOperation.SaveTable.TableSaveMethod]
        TABLE_SAVE_METHOD_UNSPECIFIED: WriteOperation.SaveTable.TableSaveMethod
        TABLE_SAVE_METHOD_SAVE_AS_TABLE: WriteOperation.SaveTable.TableSaveMethod
        TABLE_SAVE_METHOD_INSERT_INTO: WriteOperation.SaveTable.TableSaveMethod
        TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
        SAVE_METHOD_FIELD_NUMBER: _ClassVar[int]
        table_name: str
        save_method: WriteOperation.SaveTable.TableSaveMethod
        def __init__(self, table_name: _Optional[str] = ..., save_method: _Optional[_Union[WriteOperation.SaveTable.TableSaveMethod, str]] = ...) -> None: ...
    class BucketBy(_message.Message):
        __slots__ = ("bucket_column_names", "num_buckets")
        BUCKET_COLUMN_NAMES_FIELD_NUMBER: _ClassVar[int]
        NUM_BUCKETS_FIELD_NUMBER: _ClassVar[int]
        bucket_column_names: _containers.RepeatedScalarFieldContainer[str]
        num_buckets: int
        def __init__(self, bucket_column_names: _Optional[_Iterable[str]] = ..., num_buckets: _Optional[int] = ...) -> None: ...
    INPUT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    SORT_COLUMN_NAMES_FIELD_NUMBER: _ClassVar[int]
    PARTITIONING_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    BUCKET_BY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CLUSTERING_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    WITH_SCHEMA_EVOLUTION_FIELD_NUMBER: _ClassVar[int]
    input: _relations_pb2.Relation
    source: str
    path: str
    table: WriteOperation.SaveTable
    mode: WriteOperation.SaveMode
    sort_column_names: _containers.RepeatedScalarFieldContainer[str]
    partitioning_columns: _containers.RepeatedScalarFieldContainer[str]
    bucket_by: WriteOperation.BucketBy
    options: _containers.ScalarMap[str, str]
    clustering_columns: _containers.RepeatedScalarFieldContainer[str]
    with_schema_evolution: bool
    def __init__(self, input: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ..., source: _Optional[str] = ..., path: _Optional[str] = ..., table: _Optional[_Union[WriteOperation.SaveTable, _Mapping]] = ..., mode: _Optional[_Union[WriteOperation.SaveMode, str]] = ..., sort_column_names: _Optional[_Iterable[str]] = ..., partitioning_columns: _Optional[_Iterable[str]] = ..., bucket_by: _Optional[_Union[WriteOperation.BucketBy, _Mapping]] = ..., options: _Optional[_Mapping[str, str]] = ..., clustering_columns: _Optional[_Iterable[str]] = ..., with_schema_evolution: _Optional[bool] = ...) -> None: ...

class WriteOperationV2(_message.Message):
    __slots__ = ("input", "table_name", "provider", "partitioning_columns", "options", "table_properties", "mode", "overwrite_condition", "clustering_columns", "with_schema_evolution")
    class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MODE_UNSPECIFIED: _ClassVar[WriteOperationV2.Mode]
        MODE_CREATE: _ClassVar[WriteOperationV2.Mode]
        MODE_OVERWRITE: _ClassVar[WriteOperationV2.Mode]
        MODE_OVERWRITE_PARTITIONS: _ClassVar[WriteOperationV2.Mode]
        MODE_APPEND: _ClassVar[WriteOperationV2.Mode]
        MODE_REPLACE: _ClassVar[WriteOperationV2.Mode]
        MODE_CREATE_OR_REPLACE: _ClassVar[WriteOperationV2.Mode]
    MODE_UNSPECIFIED: WriteOperationV2.Mode
    MODE_CREATE: WriteOperationV2.Mode
    MODE_OVERWRITE: WriteOperationV2.Mode
    MODE_OVERWRITE_PARTITIONS: WriteOperationV2.Mode
    MODE_APPEND: WriteOperationV2.Mode
    MODE_REPLACE: WriteOperationV2.Mode
    MODE_CREATE_OR_REPLACE: WriteOperationV2.Mode
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class TablePropertiesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    INPUT_FIELD_NUMBER: _ClassVar[int]
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PARTITIONING_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    TABLE_PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    OVERWRITE_CONDITION_FIELD_NUMBER: _ClassVar[int]
    CLUSTERING_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    WITH_SCHEMA_EVOLUTION_FIELD_NUMBER: _ClassVar[int]
    input: _relations_pb2.Relation
    table_name: str
    provider: str
    partitioning_columns: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    options: _containers.ScalarMap[str, str]
    table_properties: _containers.ScalarMap[str, str]
    mode: WriteOperationV2.Mode
    overwrite_condition: _expressions_pb2.Expression
    clustering_columns: _containers.RepeatedScalarFieldContainer[str]
    with_schema_evolution: bool
    def __init__(self, input: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ..., table_name: _Optional[str] = ..., provider: _Optional[str] = ..., partitioning_columns: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., options: _Optional[_Mapping[str, str]] = ..., table_properties: _Optional[_Mapping[str, str]] = ..., mode: _Optional[_Union[WriteOperationV2.Mode, str]] = ..., overwrite_condition: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., clustering_columns: _Optional[_Iterable[str]] = ..., with_schema_evolution: _Optional[bool] = ...) -> None: ...

class WriteStreamOperationStart(_message.Message):
    __slots__ = ("input", "format", "options", "partitioning_column_names", "processing_time_interval", "available_now", "once", "continuous_checkpoint_interval", "real_time_batch_duration", "output_mode", "query_name", "path", "table_name", "foreach_writer", "foreach_batch", "clustering_column_names")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    INPUT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    PARTITIONING_COLUMN_NAMES_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_TIME_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_NOW_FIELD_NUMBER: _ClassVar[int]
    ONCE_FIELD_NUMBER: _ClassVar[int]
    CONTINUOUS_CHECKPOINT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    REAL_TIME_BATCH_DURATION_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_MODE_FIELD_NUMBER: _ClassVar[int]
    QUERY_NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    FOREACH_WRITER_FIELD_NUMBER: _ClassVar[int]
    FOREACH_BATCH_FIELD_NUMBER: _ClassVar[int]
    CLUSTERING_COLUMN_NAMES_FIELD_NUMBER: _ClassVar[int]
    input: _relations_pb2.Relation
    format: str
    options: _containers.ScalarMap[str, str]
    partitioning_column_names: _containers.RepeatedScalarFieldContainer[str]
    processing_time_interval: str
    available_now: bool
    once: bool
    continuous_checkpoint_interval: str
    real_time_batch_duration: str
    output_mode: str
    query_name: str
    path: str
    table_name: str
    foreach_writer: StreamingForeachFunction
    foreach_batch: StreamingForeachFunction
    clustering_column_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, input: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ..., format: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ..., partitioning_column_names: _Optional[_Iterable[str]] = ..., processing_time_interval: _Optional[str] = ..., available_now: _Optional[bool] = ..., once: _Optional[bool] = ..., continuous_checkpoint_interval: _Optional[str] = ..., real_time_batch_duration: _Optional[str] = ..., output_mode: _Optional[str] = ..., query_name: _Optional[str] = ..., path: _Optional[str] = ..., table_name: _Optional[str] = ..., foreach_writer: _Optional[_Union[StreamingForeachFunction, _Mapping]] = ..., foreach_batch: _Optional[_Union[StreamingForeachFunction, _Mapping]] = ..., clustering_column_names: _Optional[_Iterable[str]] = ...) -> None: ...

class StreamingForeachFunction(_message.Message):
    __slots__ = ("python_function", "scala_function")
    PYTHON_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    SCALA_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    python_function: _expressions_pb2.PythonUDF
    scala_function: _expressions_pb2.ScalarScalaUDF
    def __init__(self, python_function: _Optional[_Union[_expressions_pb2.PythonUDF, _Mapping]] = ..., scala_function: _Optional[_Union[_expressions_pb2.ScalarScalaUDF, _Mapping]] = ...) -> None: ...

class WriteStreamOperationStartResult(_message.Message):
    __slots__ = ("query_id", "name", "query_started_event_json")
    QUERY_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUERY_STARTED_EVENT_JSON_FIELD_NUMBER: _ClassVar[int]
    query_id: StreamingQueryInstanceId
    name: str
    query_started_event_json: str
    def __init__(self, query_id: _Optional[_Union[StreamingQueryInstanceId, _Mapping]] = ..., name: _Optional[str] = ..., query_started_event_json: _Optional[str] = ...) -> None: ...

class StreamingQueryInstanceId(_message.Message):
    __slots__ = ("id", "run_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    run_id: str
    def __init__(self, id: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class StreamingQueryCommand(_message.Message):
    __slots__ = ("query_id", "status", "last_progress", "recent_progress", "stop", "process_all_available", "explain", "exception", "await_termination")
    class ExplainCommand(_message.Message):
        __slots__ = ("extended",)
        EXTENDED_FIELD_NUMBER: _ClassVar[int]
        extended: bool
        def __init__(self, extended: _Optional[bool] = ...) -> None: ...
    class AwaitTerminationCommand(_message.Message):
        __slots__ = ("timeout_ms",)
        TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
        timeout_ms: int
        def __init__(self, timeout_ms: _Optional[int] = ...) -> None: ...
    QUERY_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LAST_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RECENT_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    PROCESS_ALL_AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    EXCEPTION_FIELD_NUMBER: _ClassVar[int]
    AWAIT_TERMINATION_FIELD_NUMBER: _ClassVar[int]
    query_id: StreamingQueryInstanceId
    status: bool
    last_progress: bool
    recent_progress: bool
    stop: bool
    process_all_available: bool
    explain: StreamingQueryCommand.ExplainCommand
    exception: bool
    await_termination: StreamingQueryCommand.AwaitTerminationCommand
    def __init__(self, query_id: _Optional[_Union[StreamingQueryInstanceId, _Mapping]] = ..., status: _Optional[bool] = ..., last_progress: _Optional[bool] = ..., recent_progress: _Optional[bool] = ..., stop: _Optional[bool] = ..., process_all_available: _Optional[bool] = ..., explain: _Optional[_Union[StreamingQueryCommand.ExplainCommand, _Mapping]] = ..., exception: _Optional[bool] = ..., await_termination: _Optional[_Union[StreamingQueryCommand.AwaitTerminationCommand, _Mapping]] = ...) -> None: ...

class StreamingQueryCommandResult(_message.Message):
    __slots__ = ("query_id", "status", "recent_progress", "explain", "exception", "await_termination")
    class StatusResult(_message.Message):
        __slots__ = ("status_message", "is_data_available", "is_trigger_active", "is_active")
        STATUS_MESSAGE_FIELD_NUMBER: _ClassVar[int]
        IS_DATA_AVAILABLE_FIELD_NUMBER: _ClassVar[int]
        IS_TRIGGER_ACTIVE_FIELD_NUMBER: _ClassVar[int]
        IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
        status_message: str
        is_data_available: bool
        is_trigger_active: bool
        is_active: bool
        def __init__(self, status_message: _Optional[str] = ..., is_data_available: _Optional[bool] = ..., is_trigger_active: _Optional[bool] = ..., is_active: _Optional[bool] = ...) -> None: ...
    class RecentProgressResult(_message.Message):
        __slots__ = ("recent_progress_json",)
        RECENT_PROGRESS_JSON_FIELD_NUMBER: _ClassVar[int]
        recent_progress_json: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, recent_progress_json: _Optional[_Iterable[str]] = ...) -> None: ...
    class ExplainResult(_message.Message):
        __slots__ = ("result",)
        RESULT_FIELD_NUMBER: _ClassVar[int]
        result: str
        def __init__(self, result: _Optional[str] = ...) -> None: ...
    class ExceptionResult(_message.Message):
        __slots__ = ("exception_message", "error_class", "stack_trace")
        EXCEPTION_MESSAGE_FIELD_NUMBER: _ClassVar[int]
        ERROR_CLASS_FIELD_NUMBER: _ClassVar[int]
        STACK_TRACE_FIELD_NUMBER: _ClassVar[int]
        exception_message: str
        error_class: str
        stack_trace: str
        def __init__(self, exception_message: _Optional[str] = ..., error_class: _Optional[str] = ..., stack_trace: _Optional[str] = ...) -> None: ...
    class AwaitTerminationResult(_message.Message):
        __slots__ = ("terminated",)
        TERMINATED_FIELD_NUMBER: _ClassVar[int]
        terminated: bool
        def __init__(self, terminated: _Optional[bool] = ...) -> None: ...
    QUERY_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RECENT_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    EXCEPTION_FIELD_NUMBER: _ClassVar[int]
    AWAIT_TERMINATION_FIELD_NUMBER: _ClassVar[int]
    query_id: StreamingQueryInstanceId
    status: StreamingQueryCommandResult.StatusResult
    recent_progress: StreamingQueryCommandResult.RecentProgressResult
    explain: StreamingQueryCommandResult.ExplainResult
    exception: StreamingQueryCommandResult.ExceptionResult
    await_termination: StreamingQueryCommandResult.AwaitTerminationResult
    def __init__(self, query_id: _Optional[_Union[StreamingQueryInstanceId, _Mapping]] = ..., status: _Optional[_Union[StreamingQueryCommandResult.StatusResult, _Mapping]] = ..., recent_progress: _Optional[_Union[StreamingQueryCommandResult.RecentProgressResult, _Mapping]] = ..., explain: _Optional[_Union[StreamingQueryCommandResult.ExplainResult, _Mapping]] = ..., exception: _Optional[_Union[StreamingQueryCommandResult.ExceptionResult, _Mapping]] = ..., await_termination: _Optional[_Union[StreamingQueryCommandResult.AwaitTerminationResult, _Mapping]] = ...) -> None: ...

class StreamingQueryManagerCommand(_message.Message):
    __slots__ = ("active", "get_query", "await_any_termination", "reset_terminated", "add_listener", "remove_listener", "list_listeners")
    class AwaitAnyTerminationCommand(_message.Message):
        __slots__ = ("timeout_ms",)
        TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
        timeout_ms: int
        def __init__(self, timeout_ms: _Optional[int] = ...) -> None: ...
    class StreamingQueryListenerCommand(_message.Message):
        __slots__ = ("listener_payload", "python_listener_payload", "id")
        LISTENER_PAYLOAD_FIELD_NUMBER: _ClassVar[int]
        PYTHON_LISTENER_PAYLOAD_FIELD_NUMBER: _ClassVar[int]
        ID_FIELD_NUMBER: _ClassVar[int]
        listener_payload: bytes
        python_listener_payload: _expressions_pb2.PythonUDF
        id: str
        def __init__(self, listener_payload: _Optional[bytes] = ..., python_listener_payload: _Optional[_Union[_expressions_pb2.PythonUDF, _Mapping]] = ..., id: _Optional[str] = ...) -> None: ...
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    GET_QUERY_FIELD_NUMBER: _ClassVar[int]
    AWAIT_ANY_TERMINATION_FIELD_NUMBER: _ClassVar[int]
    RESET_TERMINATED_FIELD_NUMBER: _ClassVar[int]
    ADD_LISTENER_FIELD_NUMBER: _ClassVar[int]
    REMOVE_LISTENER_FIELD_NUMBER: _ClassVar[int]
    LIST_LISTENERS_FIELD_NUMBER: _ClassVar[int]
    active: bool
    get_query: str
    await_any_termination: StreamingQueryManagerCommand.AwaitAnyTerminationCommand
    reset_terminated: bool
    add_listener: StreamingQueryManagerCommand.StreamingQueryListenerCommand
    remove_listener: StreamingQueryManagerCommand.StreamingQueryListenerCommand
    list_listeners: bool
    def __init__(self, active: _Optional[bool] = ..., get_query: _Optional[str] = ..., await_any_termination: _Optional[_Union[StreamingQueryManagerCommand.AwaitAnyTerminationCommand, _Mapping]] = ..., reset_terminated: _Optional[bool] = ..., add_listener: _Optional[_Union[StreamingQueryManagerCommand.StreamingQueryListenerCommand, _Mapping]] = ..., remove_listener: _Optional[_Union[StreamingQueryManagerCommand.StreamingQueryListenerCommand, _Mapping]] = ..., list_listeners: _Optional[bool] = ...) -> None: ...

class StreamingQueryManagerCommandResult(_message.Message):
    __slots__ = ("active", "query", "await_any_termination", "reset_terminated", "add_listener", "remove_listener", "list_listeners")
    class ActiveResult(_message.Message):
        __slots__ = ("active_queries",)
        ACTIVE_QUERIES_FIELD_NUMBER: _ClassVar[int]
        active_queries: _containers.RepeatedCompositeFieldContainer[StreamingQueryManagerCommandResult.StreamingQueryInstance]
        def __init__(self, active_queries: _Optional[_Iterable[_Union[StreamingQueryManagerCommandResult.StreamingQueryInstance, _Mapping]]] = ...) -> None: ...
    class StreamingQueryInstance(_message.Message):
        __slots__ = ("id", "name")
        ID_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        id: StreamingQueryInstanceId
        name: str
        def __init__(self, id: _Optional[_Union[StreamingQueryInstanceId, _Mapping]] = ..., name: _Optional[str] = ...) -> None: ...
    class AwaitAnyTerminationResult(_message.Message):
        __slots__ = ("terminated",)
        TERMINATED_FIELD_NUMBER: _ClassVar[int]
        terminated: bool
        def __init__(self, terminated: _Optional[bool] = ...) -> None: ...
    class StreamingQueryListenerInstance(_message.Message):
        __slots__ = ("listener_payload",)
        LISTENER_PAYLOAD_FIELD_NUMBER: _ClassVar[int]
        listener_payload: bytes
        def __init__(self, listener_payload: _Optional[bytes] = ...) -> None: ...
    class ListStreamingQueryListenerResult(_message.Message):
        __slots__ = ("listener_ids",)
        LISTENER_IDS_FIELD_NUMBER: _ClassVar[int]
        listener_ids: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, listener_ids: _Optional[_Iterable[str]] = ...) -> None: ...
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    AWAIT_ANY_TERMINATION_FIELD_NUMBER: _ClassVar[int]
    RESET_TERMINATED_FIELD_NUMBER: _ClassVar[int]
    ADD_LISTENER_FIELD_NUMBER: _ClassVar[int]
    REMOVE_LISTENER_FIELD_NUMBER: _ClassVar[int]
    LIST_LISTENERS_FIELD_NUMBER: _ClassVar[int]
    active: StreamingQueryManagerCommandResult.ActiveResult
    query: StreamingQueryManagerCommandResult.StreamingQueryInstance
    await_any_termination: StreamingQueryManagerCommandResult.AwaitAnyTerminationResult
    reset_terminated: bool
    add_listener: bool
    remove_listener: bool
    list_listeners: StreamingQueryManagerCommandResult.ListStreamingQueryListenerResult
    def __init__(self, active: _Optional[_Union[StreamingQueryManagerCommandResult.ActiveResult, _Mapping]] = ..., query: _Optional[_Union[StreamingQueryManagerCommandResult.StreamingQueryInstance, _Mapping]] = ..., await_any_termination: _Optional[_Union[StreamingQueryManagerCommandResult.AwaitAnyTerminationResult, _Mapping]] = ..., reset_terminated: _Optional[bool] = ..., add_listener: _Optional[bool] = ..., remove_listener: _Optional[bool] = ..., list_listeners: _Optional[_Union[StreamingQueryManagerCommandResult.ListStreamingQueryListenerResult, _Mapping]] = ...) -> None: ...

class StreamingQueryListenerBusCommand(_message.Message):
    __slots__ = ("add_listener_bus_listener", "remove_listener_bus_listener")
    ADD_LISTENER_BUS_LISTENER_FIELD_NUMBER: _ClassVar[int]
    REMOVE_LISTENER_BUS_LISTENER_FIELD_NUMBER: _ClassVar[int]
    add_listener_bus_listener: bool
    remove_listener_bus_listener: bool
    def __init__(self, add_listener_bus_listener: _Optional[bool] = ..., remove_listener_bus_listener: _Optional[bool] = ...) -> None: ...

class StreamingQueryListenerEvent(_message.Message):
    __slots__ = ("event_json", "event_type")
    EVENT_JSON_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    event_json: str
    event_type: StreamingQueryEventType
    def __init__(self, event_json: _Optional[str] = ..., event_type: _Optional[_Union[StreamingQueryEventType, str]] = ...) -> None: ...

class StreamingQueryListenerEventsResult(_message.Message):
    __slots__ = ("events", "listener_bus_listener_added")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    LISTENER_BUS_LISTENER_ADDED_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[StreamingQueryListenerEvent]
    listener_bus_listener_added: bool
    def __init__(self, events: _Optional[_Iterable[_Union[StreamingQueryListenerEvent, _Mapping]]] = ..., listener_bus_listener_added: _Optional[bool] = ...) -> None: ...

class GetResourcesCommand(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetResourcesCommandResult(_message.Message):
    __slots__ = ("resources",)
    class ResourcesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _common_pb2.ResourceInformation
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_common_pb2.ResourceInformation, _Mapping]] = ...) -> None: ...
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.MessageMap[str, _common_pb2.ResourceInformation]
    def __init__(self, resources: _Optional[_Mapping[str, _common_pb2.ResourceInformation]] = ...) -> None: ...

class CreateResourceProfileCommand(_message.Message):
    __slots__ = ("profile",)
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    profile: _common_pb2.ResourceProfile
    def __init__(self, profile: _Optional[_Union[_common_pb2.ResourceProfile, _Mapping]] = ...) -> None: ...

class CreateResourceProfileCommandResult(_message.Message):
    __slots__ = ("profile_id",)
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    profile_id: int
    def __init__(self, profile_id: _Optional[int] = ...) -> None: ...

class RemoveCachedRemoteRelationCommand(_message.Message):
    __slots__ = ("relation",)
    RELATION_FIELD_NUMBER: _ClassVar[int]
    relation: _relations_pb2.CachedRemoteRelation
    def __init__(self, relation: _Optional[_Union[_relations_pb2.CachedRemoteRelation, _Mapping]] = ...) -> None: ...

class CheckpointCommand(_message.Message):
    __slots__ = ("relation", "local", "eager", "storage_level")
    RELATION_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    EAGER_FIELD_NUMBER: _ClassVar[int]
    STORAGE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    relation: _relations_pb2.Relation
    local: bool
    eager: bool
    storage_level: _common_pb2.StorageLevel
    def __init__(self, relation: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ..., local: _Optional[bool] = ..., eager: _Optional[bool] = ..., storage_level: _Optional[_Union[_common_pb2.StorageLevel, _Mapping]] = ...) -> None: ...

class MergeIntoTableCommand(_message.Message):
    __slots__ = ("target_table_name", "source_table_plan", "merge_condition", "match_actions", "not_matched_actions", "not_matched_by_source_actions", "with_schema_evolution")
    TARGET_TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    SOURCE_TABLE_PLAN_FIELD_NUMBER: _ClassVar[int]
    MERGE_CONDITION_FIELD_NUMBER: _ClassVar[int]
    MATCH_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    NOT_MATCHED_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    NOT_MATCHED_BY_SOURCE_ACTIONS_FIELD_NUMBER: _ClassVar[int]
    WITH_SCHEMA_EVOLUTION_FIELD_NUMBER: _ClassVar[int]
    target_table_name: str
    source_table_plan: _relations_pb2.Relation
    merge_condition: _expressions_pb2.Expression
    match_actions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    not_matched_actions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    not_matched_by_source_actions: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
    with_schema_evolution: bool
    def __init__(self, target_table_name: _Optional[str] = ..., source_table_plan: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ..., merge_condition: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., match_actions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., not_matched_actions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., not_matched_by_source_actions: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., with_schema_evolution: _Optional[bool] = ...) -> None: ...

class ExecuteExternalCommand(_message.Message):
    __slots__ = ("runner", "command", "options")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RUNNER_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    runner: str
    command: str
    options: _containers.ScalarMap[str, str]
    def __init__(self, runner: _Optional[str] = ..., command: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ...) -> None: ...
