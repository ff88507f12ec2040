from google.protobuf import any_pb2 as _any_pb2
from engine.spark.proto import commands_pb2 as _commands_pb2
from engine.spark.proto import common_pb2 as _common_pb2
from engine.spark.proto import expressions_pb2 as _expressions_pb2
from engine.spark.proto import relations_pb2 as _relations_pb2
from engine.spark.proto import types_pb2 as _types_pb2
from engine.spark.proto import ml_pb2 as _ml_pb2
from engine.spark.proto import pipelines_pb2 as _pipelines_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CompressionCodec(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPRESSION_CODEC_UNSPECIFIED: _ClassVar[CompressionCodec]
    COMPRESSION_CODEC_ZSTD: _ClassVar[CompressionCodec]
COMPRESSION_CODEC_UNSPECIFIED: CompressionCodec
COMPRESSION_CODEC_ZSTD: CompressionCodec

class Plan(_message.Message):
    __slots__ = ("root", "command", "compressed_operation")
    class CompressedOperation(_message.Message):
        __slots__ = ("data", "op_type", "compression_codec")
        class OpType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            OP_TYPE_UNSPECIFIED: _ClassVar[Plan.CompressedOperation.OpType]
            OP_TYPE_RELATION: _ClassVar[Plan.CompressedOperation.OpType]
            OP_TYPE_COMMAND: _ClassVar[Plan.CompressedOperation.OpType]
        OP_TYPE_UNSPECIFIED: Plan.CompressedOperation.OpType
        OP_TYPE_RELATION: Plan.CompressedOperation.OpType
        OP_TYPE_COMMAND: Plan.CompressedOperation.OpType
        DATA_FIELD_NUMBER: _ClassVar[int]
        OP_TYPE_FIELD_NUMBER: _ClassVar[int]
        COMPRESSION_CODEC_FIELD_NUMBER: _ClassVar[int]
        data: bytes
        op_type: Plan.CompressedOperation.OpType
        compression_codec: CompressionCodec
        def __init__(self, data: _Optional[bytes] = ..., op_type: _Optional[_Union[Plan.CompressedOperation.OpType, str]] = ..., compression_codec: _Optional[_Union[CompressionCodec, str]] = ...) -> None: ...
    ROOT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    COMPRESSED_OPERATION_FIELD_NUMBER: _ClassVar[int]
    root: _relations_pb2.Relation
    command: _commands_pb2.Command
    compressed_operation: Plan.CompressedOperation
    def __init__(self, root: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ..., command: _Optional[_Union[_commands_pb2.Command, _Mapping]] = ..., compressed_operation: _Optional[_Union[Plan.CompressedOperation, _Mapping]] = ...) -> None: ...

class UserContext(_message.Message):
    __slots__ = ("user_id", "user_name", "extensions")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    USER_NAME_FIELD_NUMBER: _ClassVar[int]
    EXTENSIONS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    user_name: str
    extensions: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    def __init__(self, user_id: _Optional[str] = ..., user_name: _Optional[str] = ..., extensions: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...

class AnalyzePlanRequest(_message.Message):
    __slots__ = ("session_id", "client_observed_server_side_session_id", "user_context", "client_type", "schema", "explain", "tree_string", "is_local", "is_streaming", "input_files", "spark_version", "ddl_parse", "same_semantics", "semantic_hash", "persist", "unpersist", "get_storage_level", "json_to_ddl")
    class Schema(_message.Message):
        __slots__ = ("plan",)
        PLAN_FIELD_NUMBER: _ClassVar[int]
        plan: Plan
        def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ...) -> None: ...
    class Explain(_message.Message):
        __slots__ = ("plan", "explain_mode")
        class ExplainMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            EXPLAIN_MODE_UNSPECIFIED: _ClassVar[AnalyzePlanRequest.Explain.ExplainMode]
            EXPLAIN_MODE_SIMPLE: _ClassVar[AnalyzePlanRequest.Explain.ExplainMode]
            EXPLAIN_MODE_EXTENDED: _ClassVar[AnalyzePlanRequest.Explain.ExplainMode]
            EXPLAIN_MODE_CODEGEN: _ClassVar[AnalyzePlanRequest.Explain.ExplainMode]
            EXPLAIN_MODE_COST: _ClassVar[AnalyzePlanRequest.Explain.ExplainMode]
            EXPLAIN_MODE_FORMATTED: _ClassVar[AnalyzePlanRequest.Explain.ExplainMode]
        EXPLAIN_MODE_UNSPECIFIED: AnalyzePlanRequest.Explain.ExplainMode
        EXPLAIN_MODE_SIMPLE: AnalyzePlanRequest.Explain.ExplainMode
        EXPLAIN_MODE_EXTENDED: AnalyzePlanRequest.Explain.ExplainMode
        EXPLAIN_MODE_CODEGEN: AnalyzePlanRequest.Explain.ExplainMode
        EXPLAIN_MODE_COST: AnalyzePlanRequest.Explain.ExplainMode
        EXPLAIN_MODE_FORMATTED: AnalyzePlanRequest.Explain.ExplainMode
        PLAN_FIELD_NUMBER: _ClassVar[int]
        EXPLAIN_MODE_FIELD_NUMBER: _ClassVar[int]
        plan: Plan
        explain_mode: AnalyzePlanRequest.Explain.ExplainMode
        def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ..., explain_mode: _Optional[_Union[AnalyzePlanRequest.Explain.ExplainMode, str]] = ...) -> None: ...
    class TreeString(_message.Message):
        __slots__ = ("plan", "level")
        PLAN_FIELD_NUMBER: _ClassVar[int]
        LEVEL_FIELD_NUMBER: _ClassVar[int]
        plan: Plan
        level: int
        def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ..., level: _Optional[int] = ...) -> None: ...
    class IsLocal(_message.Message):
        __slots__ = ("plan",)
        PLAN_FIELD_NUMBER: _ClassVar[int]
        plan: Plan
        def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ...) -> None: ...
    class IsStreaming(_message.Message):
        __slots__ = ("plan",)
        PLAN_FIELD_NUMBER: _ClassVar[int]
        plan: Plan
        def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ...) -> None: ...
    class InputFiles(_message.Message):
        __slots__ = ("plan",)
        PLAN_FIELD_NUMBER: _ClassVar[int]
        plan: Plan
        def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ...) -> None: ...
    class SparkVersion(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class DDLParse(_message.Message):
        __slots__ = ("ddl_string",)
        DDL_STRING_FIELD_NUMBER: _ClassVar[int]
        ddl_string: str
        def __init__(self, ddl_string: _Optional[str] = ...) -> None: ...
    class SameSemantics(_message.Message):
        __slots__ = ("target_plan", "other_plan")
        TARGET_PLAN_FIELD_NUMBER: _ClassVar[int]
        OTHER_PLAN_FIELD_NUMBER: _ClassVar[int]
        target_plan: Plan
        other_plan: Plan
        def __init__(self, target_plan: _Optional[_Union[Plan, _Mapping]] = ..., other_plan: _Optional[_Union[Plan, _Mapping]] = ...) -> None: ...
    class SemanticHash(_message.Message):
        __slots__ = ("plan",)
        PLAN_FIELD_NUMBER: _ClassVar[int]
        plan: Plan
        def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ...) -> None: ...
    class Persist(_message.Message):
        __slots__ = ("relation", "storage_level")
        RELATION_FIELD_NUMBER: _ClassVar[int]
        STORAGE_LEVEL_FIELD_NUMBER: _ClassVar[int]
        relation: _relations_pb2.Relation
        storage_level: _common_pb2.StorageLevel
        def __init__(self, relation: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ..., storage_level: _Optional[_Union[_common_pb2.StorageLevel, _Mapping]] = ...) -> None: ...
    class Unpersist(_message.Message):
        __slots__ = ("relation", "blocking")
        RELATION_FIELD_NUMBER: _ClassVar[int]
        BLOCKING_FIELD_NUMBER: _ClassVar[int]
        relation: _relations_pb2.Relation
        blocking: bool
        def __init__(self, relation: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ..., blocking: _Optional[bool] = ...) -> None: ...
    class GetStorageLevel(_message.Message):
        __slots__ = ("relation",)
        RELATION_FIELD_NUMBER: _ClassVar[int]
        relation: _relations_pb2.Relation
        def __init__(self, relation: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ...) -> None: ...
    class JsonToDDL(_message.Message):
        __slots__ = ("json_string",)
        JSON_STRING_FIELD_NUMBER: _ClassVar[int]
        json_string: str
        def __init__(self, json_string: _Optional[str] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    TREE_STRING_FIELD_NUMBER: _ClassVar[int]
    IS_LOCAL_FIELD_NUMBER: _ClassVar[int]
    IS_STREAMING_FIELD_NUMBER: _ClassVar[int]
    INPUT_FILES_FIELD_NUMBER: _ClassVar[int]
    SPARK_VERSION_FIELD_NUMBER: _ClassVar[int]
    DDL_PARSE_FIELD_NUMBER: _ClassVar[int]
    SAME_SEMANTICS_FIELD_NUMBER: _ClassVar[int]
    SEMANTIC_HASH_FIELD_NUMBER: _ClassVar[int]
    PERSIST_FIELD_NUMBER: _ClassVar[int]
    UNPERSIST_FIELD_NUMBER: _ClassVar[int]
    GET_STORAGE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    JSON_TO_DDL_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    client_observed_server_side_session_id: str
    user_context: UserContext
    client_type: str
    schema: AnalyzePlanRequest.Schema
    explain: AnalyzePlanRequest.Explain
    tree_string: AnalyzePlanRequest.TreeString
    is_local: AnalyzePlanRequest.IsLocal
    is_streaming: AnalyzePlanRequest.IsStreaming
    input_files: AnalyzePlanRequest.InputFiles
    spark_version: AnalyzePlanRequest.SparkVersion
    ddl_parse: AnalyzePlanRequest.DDLParse
    same_semantics: AnalyzePlanRequest.SameSemantics
    semantic_hash: AnalyzePlanRequest.SemanticHash
    persist: AnalyzePlanRequest.Persist
    unpersist: AnalyzePlanRequest.Unpersist
    get_storage_level: AnalyzePlanRequest.GetStorageLevel
    json_to_ddl: AnalyzePlanRequest.JsonToDDL
    def __init__(self, session_id: _Optional[str] = ..., client_observed_server_side_session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., client_type: _Optional[str] = ..., schema: _Optional[_Union[AnalyzePlanRequest.Schema, _Mapping]] = ..., explain: _Optional[_Union[AnalyzePlanRequest.Explain, _Mapping]] = ..., tree_string: _Optional[_Union[AnalyzePlanRequest.TreeString, _Mapping]] = ..., is_local: _Optional[_Union[AnalyzePlanRequest.IsLocal, _Mapping]] = ..., is_streaming: _Optional[_Union[AnalyzePlanRequest.IsStreaming, _Mapping]] = ..., input_files: _Optional[_Union[AnalyzePlanRequest.InputFiles, _Mapping]] = ..., spark_version: _Optional[_Union[AnalyzePlanRequest.SparkVersion, _Mapping]] = ..., ddl_parse: _Optional[_Union[AnalyzePlanRequest.DDLParse, _Mapping]] = ..., same_semantics: _Optional[_Union[AnalyzePlanRequest.SameSemantics, _Mapping]] = ..., semantic_hash: _Optional[_Union[AnalyzePlanRequest.SemanticHash, _Mapping]] = ..., persist: _Optional[_Union[AnalyzePlanRequest.Persist, _Mapping]] = ..., unpersist: _Optional[_Union[AnalyzePlanRequest.Unpersist, _Mapping]] = ..., get_storage_level: _Optional[_Union[AnalyzePlanRequest.GetStorageLevel, _Mapping]] = ..., json_to_ddl: _Optional[_Union[AnalyzePlanRequest.JsonToDDL, _Mapping]] = ...) -> None: ...

class AnalyzePlanResponse(_message.Message):
    __slots__ = ("session_id", "server_side_session_id", "schema", "explain", "tree_string", "is_local", "is_streaming", "input_files", "spark_version", "ddl_parse", "same_semantics", "semantic_hash", "persist", "unpersist", "get_storage_level", "json_to_ddl")
    class Schema(_message.Message):
        __slots__ = ("schema",)
        SCHEMA_FIELD_NUMBER: _ClassVar[int]
        schema: _types_pb2.DataType
        def __init__(self, schema: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ...) -> None: ...
    class Explain(_message.Message):
        __slots__ = ("explain_string",)
        EXPLAIN_STRING_FIELD_NUMBER: _ClassVar[int]
        explain_string: str
        def __init__(self, explain_string: _Optional[str] = ...) -> None: ...
    class TreeString(_message.Message):
        __slots__ = ("tree_string",)
        TREE_STRING_FIELD_NUMBER: _ClassVar[int]
        tree_string: str
        def __init__(self, tree_string: _Optional[str] = ...) -> None: ...
    class IsLocal(_message.Message):
        __slots__ = ("is_local",)
        IS_LOCAL_FIELD_NUMBER: _ClassVar[int]
        is_local: bool
        def __init__(self, is_local: _Optional[bool] = ...) -> None: ...
    class IsStreaming(_message.Message):
        __slots__ = ("is_streaming",)
        IS_STREAMING_FIELD_NUMBER: _ClassVar[int]
        is_streaming: bool
        def __init__(self, is_streaming: _Optional[bool] = ...) -> None: ...
    class InputFiles(_message.Message):
        __slots__ = ("files",)
        FILES_FIELD_NUMBER: _ClassVar[int]
        files: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, files: _Optional[_Iterable[str]] = ...) -> None: ...
    class SparkVersion(_message.Message):
        __slots__ = ("version",)
        VERSION_FIELD_NUMBER: _ClassVar[int]
        version: str
        def __init__(self, version: _Optional[str] = ...) -> None: ...
    class DDLParse(_message.Message):
        __slots__ = ("parsed",)
        PARSED_FIELD_NUMBER: _ClassVar[int]
        parsed: _types_pb2.DataType
        def __init__(self, parsed: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ...) -> None: ...
    class SameSemantics(_message.Message):
        __slots__ = ("result",)
        RESULT_FIELD_NUMBER: _ClassVar[int]
        result: bool
        def __init__(self, result: _Optional[bool] = ...) -> None: ...
    class SemanticHash(_message.Message):
        __slots__ = ("result",)
        RESULT_FIELD_NUMBER: _ClassVar[int]
        result: int
        def __init__(self, result: _Optional[int] = ...) -> None: ...
    class Persist(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class Unpersist(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class GetStorageLevel(_message.Message):
        __slots__ = ("storage_level",)
        STORAGE_LEVEL_FIELD_NUMBER: _ClassVar[int]
        storage_level: _common_pb2.StorageLevel
        def __init__(self, storage_level: _Optional[_Union[_common_pb2.StorageLevel, _Mapping]] = ...) -> None: ...
    class JsonToDDL(_message.Message):
        __slots__ = ("ddl_string",)
        DDL_STRING_FIELD_NUMBER: _ClassVar[int]
        ddl_string: str
        def __init__(self, ddl_string: _Optional[str] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    TREE_STRING_FIELD_NUMBER: _ClassVar[int]
    IS_LOCAL_FIELD_NUMBER: _ClassVar[int]
    IS_STREAMING_FIELD_NUMBER: _ClassVar[int]
    INPUT_FILES_FIELD_NUMBER: _ClassVar[int]
    SPARK_VERSION_FIELD_NUMBER: _ClassVar[int]
    DDL_PARSE_FIELD_NUMBER: _ClassVar[int]
    SAME_SEMANTICS_FIELD_NUMBER: _ClassVar[int]
    SEMANTIC_HASH_FIELD_NUMBER: _ClassVar[int]
    PERSIST_FIELD_NUMBER: _ClassVar[int]
    UNPERSIST_FIELD_NUMBER: _ClassVar[int]
    GET_STORAGE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    JSON_TO_DDL_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_side_session_id: str
    schema: AnalyzePlanResponse.Schema
    explain: AnalyzePlanResponse.Explain
    tree_string: AnalyzePlanResponse.TreeString
    is_local: AnalyzePlanResponse.IsLocal
    is_streaming: AnalyzePlanResponse.IsStreaming
    input_files: AnalyzePlanResponse.InputFiles
    spark_version: AnalyzePlanResponse.SparkVersion
    ddl_parse: AnalyzePlanResponse.DDLParse
    same_semantics: AnalyzePlanResponse.SameSemantics
    semantic_hash: AnalyzePlanResponse.SemanticHash
    persist: AnalyzePlanResponse.Persist
    unpersist: AnalyzePlanResponse.Unpersist
    get_storage_level: AnalyzePlanResponse.GetStorageLevel
    json_to_ddl: AnalyzePlanResponse.JsonToDDL
    def __init__(self, session_id: _Optional[str] = ..., server_side_session_id: _Optional[str] = ..., schema: _Optional[_Union[AnalyzePlanResponse.Schema, _Mapping]] = ..., explain: _Optional[_Union[AnalyzePlanResponse.Explain, _Mapping]] = ..., tree_string: _Optional[_Union[AnalyzePlanResponse.TreeString, _Mapping]] = ..., is_local: _Optional[_Union[AnalyzePlanResponse.IsLocal, _Mapping]] = ..., is_streaming: _Optional[_Union[AnalyzePlanResponse.IsStreaming, _Mapping]] = ..., input_files: _Optional[_Union[AnalyzePlanResponse.InputFiles, _Mapping]] = ..., spark_version: _Optional[_Union[AnalyzePlanResponse.SparkVersion, _Mapping]] = ..., ddl_parse: _Optional[_Union[AnalyzePlanResponse.DDLParse, _Mapping]] = ..., same_semantics: _Optional[_Union[AnalyzePlanResponse.SameSemantics, _Mapping]] = ..., semantic_hash: _Optional[_Union[AnalyzePlanResponse.SemanticHash, _Mapping]] = ..., persist: _Optional[_Union[AnalyzePlanResponse.Persist, _Mapping]] = ..., unpersist: _Optional[_Union[AnalyzePlanResponse.Unpersist, _Mapping]] = ..., get_storage_level: _Optional[_Union[AnalyzePlanResponse.GetStorageLevel, _Mapping]] = ..., json_to_ddl: _Optional[_Union[AnalyzePlanResponse.JsonToDDL, _Mapping]] = ...) -> None: ...

class ExecutePlanRequest(_message.Message):
    __slots__ = ("session_id", "client_observed_server_side_session_id", "user_context", "operation_id", "plan", "client_type", "request_options", "tags")
    class RequestOption(_message.Message):
        __slots__ = ("reattach_options", "result_chunking_options", "extension")
        REATTACH_OPTIONS_FIELD_NUMBER: _ClassVar[int]
        RESULT_CHUNKING_OPTIONS_FIELD_NUMBER: _ClassVar[int]
        EXTENSION_FIELD_NUMBER: _ClassVar[int]
        reattach_options: ReattachOptions
        result_chunking_options: ResultChunkingOptions
        extension: _any_pb2.Any
        def __init__(self, reattach_options: _Optional[_Union[ReattachOptions, _Mapping]] = ..., result_chunking_options: _Optional[_Union[ResultChunkingOptions, _Mapping]] = ..., extension: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    client_observed_server_side_session_id: str
    user_context: UserContext
    operation_id: str
    plan: Plan
    client_type: str
    request_options: _containers.RepeatedCompositeFieldContainer[ExecutePlanRequest.RequestOption]
    tags: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session_id: _Optional[str] = ..., client_observed_server_side_session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., operation_id: _Optional[str] = ..., plan: _Optional[_Union[Plan, _Mapping]] = ..., client_type: _Optional[str] = ..., request_options: _Optional[_Iterable[_Union[ExecutePlanRequest.RequestOption, _Mapping]]] = ..., tags: _Optional[_Iterable[str]] = ...) -> None: ...

class ExecutePlanResponse(_message.Message):
    __slots__ = ("session_id", "server_side_session_id", "operation_id", "response_id", "arrow_batch", "sql_command_result", "write_stream_operation_start_result", "streaming_query_command_result", "get_resources_command_result", "streaming_query_manager_command_result", "streaming_query_listener_events_result", "result_complete", "create_resource_profile_command_result", "execution_progress", "checkpoint_command_result", "ml_command_result", "pipeline_event_result", "pipeline_command_result", "pipeline_query_function_execution_signal", "extension", "metrics", "observed_metrics", "schema")
    class SqlCommandResult(_message.Message):
        __slots__ = ("relation",)
        RELATION_FIELD_NUMBER: _ClassVar[int]
        relation: _relations_pb2.Relation
        def __init__(self, relation: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ...) -> None: ...
    class ArrowBatch(_message.Message):
        __slots__ = ("row_count", "data", "start_offset", "chunk_index", "num_chunks_in_batch")
        ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
        DATA_FIELD_NUMBER: _ClassVar[int]
        START_OFFSET_FIELD_NUMBER: _ClassVar[int]
        CHUNK_INDEX_FIELD_NUMBER: _ClassVar[int]
        NUM_CHUNKS_IN_BATCH_FIELD_NUMBER: _ClassVar[int]
        row_count: int
        data: bytes
        start_offset: int
        chunk_index: int
        num_chunks_in_batch: int
        def __init__(self, row_count: _Optional[int] = ..., data: _Optional[bytes] = ..., start_offset: _Optional[int] = ..., chunk_index: _Optional[int] = ..., num_chunks_in_batch: _Optional[int] = ...) -> None: ...
    class Metrics(_message.Message):
        __slots__ = ("metrics",)
        class MetricObject(_message.Message):
            __slots__ = ("name", "plan_id", "parent", "execution_metrics")
            class ExecutionMetricsEntry(_message.Message):
                __slots__ = ("key", "value")
                KEY_FIELD_NUMBER: _ClassVar[int]
                VALUE_FIELD_NUMBER: _ClassVar[int]
                key: str
                value: ExecutePlanResponse.Metrics.MetricValue
                def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ExecutePlanResponse.Metrics.MetricValue, _Mapping]] = ...) -> None: ...
            NAME_FIELD_NUMBER: _ClassVar[int]
            PLAN_ID_FIELD_NUMBER: _ClassVar[int]
            PARENT_FIELD_NUMBER: _ClassVar[int]
            EXECUTION_METRICS_FIELD_NUMBER: _ClassVar[int]
            name: str
            plan_id: int
            parent: int
            execution_metrics: _containers.MessageMap[str, ExecutePlanResponse.Metrics.MetricValue]
            def __init__(self, name: _Optional[str] = ..., plan_id: _Optional[int] = ..., parent: _Optional[int] = ..., execution_metrics: _Optional[_Mapping[str, ExecutePlanResponse.Metrics.MetricValue]] = ...) -> None: ...
        class MetricValue(_message.Message):
            __slots__ = ("name", "value", "metric_type")
            NAME_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            METRIC_TYPE_FIELD_NUMBER: _ClassVar[int]
            name: str
            value: int
            metric_type: str
            def __init__(self, name: _Optional[str] = ..., value: _Optional[int] = ..., metric_type: _Optional[str] = ...) -> None: ...
        METRICS_FIELD_NUMBER: _ClassVar[int]
        metrics: _containers.RepeatedCompositeFieldContainer[ExecutePlanResponse.Metrics.MetricObject]
        def __init__(self, metrics: _Optional[_Iterable[_Union[ExecutePlanResponse.Metrics.MetricObject, _Mapping]]] = ...) -> None: ...
    class ObservedMetrics(_message.Message):
        __slots__ = ("name", "values", "keys", "plan_id", "root_error_idx", "errors")
        NAME_FIELD_NUMBER: _ClassVar[int]
        VALUES_FIELD_NUMBER: _ClassVar[int]
        KEYS_FIELD_NUMBER: _ClassVar[int]
        PLAN_ID_FIELD_NUMBER: _ClassVar[int]
        ROOT_ERROR_IDX_FIELD_NUMBER: _ClassVar[int]
        ERRORS_FIELD_NUMBER: _ClassVar[int]
        name: str
        values: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression.Literal]
        keys: _containers.RepeatedScalarFieldContainer[str]
        plan_id: int
        root_error_idx: int
        errors: _containers.RepeatedCompositeFieldContainer[FetchErrorDetailsResponse.Error]
        def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[_Union[_expressions_pb2.Expression.Literal, _Mapping]]] = ..., keys: _Optional[_Iterable[str]] = ..., plan_id: _Optional[int] = ..., root_error_idx: _Optional[int] = ..., errors: _Optional[_Iterable[_Union[FetchErrorDetailsResponse.Error, _Mapping]]] = ...) -> None: ...
    class ResultComplete(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class ExecutionProgress(_message.Message):
        __slots__ = ("stages", "num_inflight_tasks")
        class StageInfo(_message.Message):
            __slots__ = ("stage_id", "num_tasks", "num_completed_tasks", "input_bytes_read", "done")
            STAGE_ID_FIELD_NUMBER: _ClassVar[int]
            NUM_TASKS_FIELD_NUMBER: _ClassVar[int]
            NUM_COMPLETED_TASKS_FIELD_NUMBER: _ClassVar[int]
            INPUT_BYTES_READ_FIELD_NUMBER: _ClassVar[int]
            DONE_FIELD_NUMBER: _ClassVar[int]
            stage_id: int
            num_tasks: int
            num_completed_tasks: int
            input_bytes_read: int
            done: bool
            def __init__(self, stage_id: _Optional[int] = ..., num_tasks: _Optional[int] = ..., num_completed_tasks: _Optional[int] = ..., input_bytes_read: _Optional[int] = ..., done: _Optional[bool] = ...) -> None: ...
        STAGES_FIELD_NUMBER: _ClassVar[int]
        NUM_INFLIGHT_TASKS_FIELD_NUMBER: _ClassVar[int]
        stages: _containers.RepeatedCompositeFieldContainer[ExecutePlanResponse.ExecutionProgress.StageInfo]
        num_inflight_tasks: int
        def __init__(self, stages: _Optional[_Iterable[_Union[ExecutePlanResponse.ExecutionProgress.StageInfo, _Mapping]]] = ..., num_inflight_tasks: _Optional[int] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_ID_FIELD_NUMBER: _ClassVar[int]
    ARROW_BATCH_FIELD_NUMBER: _ClassVar[int]
    SQL_COMMAND_RESULT_FIELD_NUMBER: _ClassVar[int]
    WRITE_STREAM_OPERATION_START_RESULT_FIELD_NUMBER: _ClassVar[int]
    STREAMING_QUERY_COMMAND_RESULT_FIELD_NUMBER: _ClassVar[int]
    GET_RESOURCES_COMMAND_RESULT_FIELD_NUMBER: _ClassVar[int]
    STREAMING_QUERY_MANAGER_COMMAND_RESULT_FIELD_NUMBER: _ClassVar[int]
    STREAMING_QUERY_LISTENER_EVENTS_RESULT_FIELD_NUMBER: _ClassVar[int]
    RESULT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    CREATE_RESOURCE_PROFILE_COMMAND_RESULT_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_COMMAND_RESULT_FIELD_NUMBER: _ClassVar[int]
    ML_COMMAND_RESULT_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_EVENT_RESULT_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_COMMAND_RESULT_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_QUERY_FUNCTION_EXECUTION_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    EXTENSION_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_METRICS_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_side_session_id: str
    operation_id: str
    response_id: str
    arrow_batch: ExecutePlanResponse.ArrowBatch
    sql_command_result: ExecutePlanResponse.SqlCommandResult
    write_stream_operation_start_result: _commands_pb2.WriteStreamOperationStartResult
    streaming_query_command_result: _commands_pb2.StreamingQueryCommandResult
    get_resources_command_result: _commands_pb2.GetResourcesCommandResult
    streaming_query_manager_command_result: _commands_pb2.StreamingQueryManagerCommandResult
    streaming_query_listener_events_result: _commands_pb2.StreamingQueryListenerEventsResult
    result_complete: ExecutePlanResponse.ResultComplete
    create_resource_profile_command_result: _commands_pb2.CreateResourceProfileCommandResult
    execution_progress: ExecutePlanResponse.ExecutionProgress
    checkpoint_command_result: CheckpointCommandResult
    ml_command_result: _ml_pb2.MlCommandResult
    pipeline_event_result: _pipelines_pb2.PipelineEventResult
    pipeline_command_result: _pipelines_pb2.PipelineCommandResult
    pipeline_query_function_execution_signal: _pipelines_pb2.PipelineQueryFunctionExecutionSignal
    extension: _any_pb2.Any
    metrics: ExecutePlanResponse.Metrics
    observed_metrics: _containers.RepeatedCompositeFieldContainer[ExecutePlanResponse.ObservedMetrics]
    schema: _types_pb2.DataType
    def __init__(self, session_id: _Optional[str] = ..., server_side_session_id: _Optional[str] = ..., operation_id: _Optional[str] = ..., response_id: _Optional[str] = ..., arrow_batch: _Optional[_Union[ExecutePlanResponse.ArrowBatch, _Mapping]] = ..., sql_command_result: _Optional[_Union[ExecutePlanResponse.SqlCommandResult, _Mapping]] = ..., write_stream_operation_start_result: _Optional[_Union[_commands_pb2.WriteStreamOperationStartResult, _Mapping]] = ..., streaming_query_command_result: _Optional[_Union[_commands_pb2.StreamingQueryCommandResult, _Mapping]] = ..., get_resources_command_result: _Optional[_Union[_commands_pb2.GetResourcesCommandResult, _Mapping]] = ..., streaming_query_manager_command_result: _Optional[_Union[_commands_pb2.StreamingQueryManagerCommandResult, _Mapping]] = ..., streaming_query_listener_events_result: _Optional[_Union[_commands_pb2.StreamingQueryListenerEventsResult, _Mapping]] = ..., result_complete: _Optional[_Union[ExecutePlanResponse.ResultComplete, _Mapping]] = ..., create_resource_profile_command_result: _Optional[_Union[_commands_pb2.CreateResourceProfileCommandResult, _Mapping]] = ..., execution_progress: _Optional[_Union[ExecutePlanResponse.ExecutionProgress, _Mapping]] = ..., checkpoint_command_result: _Optional[_Union[CheckpointCommandResult, _Mapping]] = ..., ml_command_result: _Optional[_Union[_ml_pb2.MlCommandResult, _Mapping]] = ..., pipeline_event_result: _Optional[_Union[_pipelines_pb2.PipelineEventResult, _Mapping]] = ..., pipeline_command_result: _Optional[_Union[_pipelines_pb2.PipelineCommandResult, _Mapping]] = ..., pipeline_query_function_execution_signal: _Optional[_Union[_pipelines_pb2.PipelineQueryFunctionExecutionSignal, _Mapping]] = ..., extension: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., metrics: _Optional[_Union[ExecutePlanResponse.Metrics, _Mapping]] = ..., observed_metrics: _Optional[_Iterable[_Union[ExecutePlanResponse.ObservedMetrics, _Mapping]]] = ..., schema: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ...) -> None: ...

class KeyValue(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class ConfigRequest(_message.Message):
    __slots__ = ("session_id", "client_observed_server_side_session_id", "user_context", "operation", "client_type")
    class Operation(_message.Message):
        __slots__ = ("set", "get", "get_with_default", "get_option", "get_all", "unset", "is_modifiable")
        SET_FIELD_NUMBER: _ClassVar[int]
        GET_FIELD_NUMBER: _ClassVar[int]
        GET_WITH_DEFAULT_FIELD_NUMBER: _ClassVar[int]
        GET_OPTION_FIELD_NUMBER: _ClassVar[int]
        GET_ALL_FIELD_NUMBER: _ClassVar[int]
        UNSET_FIELD_NUMBER: _ClassVar[int]
        IS_MODIFIABLE_FIELD_NUMBER: _ClassVar[int]
        set: ConfigRequest.Set
        get: ConfigRequest.Get
        get_with_default: ConfigRequest.GetWithDefault
        get_option: ConfigRequest.GetOption
        get_all: ConfigRequest.GetAll
        unset: ConfigRequest.Unset
        is_modifiable: ConfigRequest.IsModifiable
        def __init__(self, set: _Optional[_Union[ConfigRequest.Set, _Mapping]] = ..., get: _Optional[_Union[ConfigRequest.Get, _Mapping]] = ..., get_with_default: _Optional[_Union[ConfigRequest.GetWithDefault, _Mapping]] = ..., get_option: _Optional[_Union[ConfigRequest.GetOption, _Mapping]] = ..., get_all: _Optional[_Union[ConfigRequest.GetAll, _Mapping]] = ..., unset: _Optional[_Union[ConfigRequest.Unset, _Mapping]] = ..., is_modifiable: _Optional[_Union[ConfigRequest.IsModifiable, _Mapping]] = ...) -> None: ...
    class Set(_message.Message):
        __slots__ = ("pairs", "silent")
        PAIRS_FIELD_NUMBER: _ClassVar[int]
        SILENT_FIELD_NUMBER: _ClassVar[int]
        pairs: _containers.RepeatedCompositeFieldContainer[KeyValue]
        silent: bool
        def __init__(self, pairs: _Optional[_Iterable[_Union[KeyValue, _Mapping]]] = ..., silent: _Optional[bool] = ...) -> None: ...
    class Get(_message.Message):
        __slots__ = ("keys",)
        KEYS_FIELD_NUMBER: _ClassVar[int]
        keys: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, keys: _Optional[_Iterable[str]] = ...) -> None: ...
    class GetWithDefault(_message.Message):
        __slots__ = ("pairs",)
        PAIRS_FIELD_NUMBER: _ClassVar[int]
        pairs: _containers.RepeatedCompositeFieldContainer[KeyValue]
        def __init__(self, pairs: _Optional[_Iterable[_Union[KeyValue, _Mapping]]] = ...) -> None: ...
    class GetOption(_message.Message):
        __slots__ = ("keys",)
        KEYS_FIELD_NUMBER: _ClassVar[int]
        keys: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, keys: _Optional[_Iterable[str]] = ...) -> None: ...
    class GetAll(_message.Message):
        __slots__ = ("prefix",)
        PREFIX_FIELD_NUMBER: _ClassVar[int]
        prefix: str
        def __init__(self, prefix: _Optional[str] = ...) -> None: ...
    class Unset(_message.Message):
        __slots__ = ("keys",)
        KEYS_FIELD_NUMBER: _ClassVar[int]
        keys: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, keys: _Optional[_Iterable[str]] = ...) -> None: ...
    class IsModifiable(_message.Message):
        __slots__ = ("keys",)
        KEYS_FIELD_NUMBER: _ClassVar[int]
        keys: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, keys: _Optional[_Iterable[str]] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    client_observed_server_side_session_id: str
    user_context: UserContext
    operation: ConfigRequest.Operation
    client_type: str
    def __init__(self, session_id: _Optional[str] = ..., client_observed_server_side_session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., operation: _Optional[_Union[ConfigRequest.Operation, _Mapping]] = ..., client_type: _Optional[str] = ...) -> None: ...

class ConfigResponse(_message.Message):
    __slots__ = ("session_id", "server_side_session_id", "pairs", "warnings")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    PAIRS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_side_session_id: str
    pairs: _containers.RepeatedCompositeFieldContainer[KeyValue]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session_id: _Optional[str] = ..., server_side_session_id: _Optional[str] = ..., pairs: _Optional[_Iterable[_Union[KeyValue, _Mapping]]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class AddArtifactsRequest(_message.Message):
    __slots__ = ("session_id", "user_context", "client_observed_server_side_session_id", "client_type", "batch", "begin_chunk", "chunk")
    class ArtifactChunk(_message.Message):
        __slots__ = ("data", "crc")
        DATA_FIELD_NUMBER: _ClassVar[int]
        CRC_FIELD_NUMBER: _ClassVar[int]
        data: bytes
        crc: int
        def __init__(self, data: _Optional[bytes] = ..., crc: _Optional[int] = ...) -> None: ...
    class SingleChunkArtifact(_message.Message):
        __slots__ = ("name", "data")
        NAME_FIELD_NUMBER: _ClassVar[int]
        DATA_FIELD_NUMBER: _ClassVar[int]
        name: str
        data: AddArtifactsRequest.ArtifactChunk
        def __init__(self, name: _Optional[str] = ..., data: _Optional[_Union[AddArtifactsRequest.ArtifactChunk, _Mapping]] = ...) -> None: ...
    class Batch(_message.Message):
        __slots__ = ("artifacts",)
        ARTIFACTS_FIELD_NUMBER: _ClassVar[int]
        artifacts: _containers.RepeatedCompositeFieldContainer[AddArtifactsRequest.SingleChunkArtifact]
        def __init__(self, artifacts: _Optional[_Iterable[_Union[AddArtifactsRequest.SingleChunkArtifact, _Mapping]]] = ...) -> None: ...
    class BeginChunkedArtifact(_message.Message):
        __slots__ = ("name", "total_bytes", "num_chunks", "initial_chunk")
        NAME_FIELD_NUMBER: _ClassVar[int]
        TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
        NUM_CHUNKS_FIELD_NUMBER: _ClassVar[int]
        INITIAL_CHUNK_FIELD_NUMBER: _ClassVar[int]
        name: str
        total_bytes: int
        num_chunks: int
        initial_chunk: AddArtifactsRequest.ArtifactChunk
        def __init__(self, name: _Optional[str] = ..., total_bytes: _Optional[int] = ..., num_chunks: _Optional[int] = ..., initial_chunk: _Optional[_Union[AddArtifactsRequest.ArtifactChunk, _Mapping]] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    BEGIN_CHUNK_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    user_context: UserContext
    client_observed_server_side_session_id: str
    client_type: str
    batch: AddArtifactsRequest.Batch
    begin_chunk: AddArtifactsRequest.BeginChunkedArtifact
    chunk: AddArtifactsRequest.ArtifactChunk
    def __init__(self, session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., client_observed_server_side_session_id: _Optional[str] = ..., client_type: _Optional[str] = ..., batch: _Optional[_Union[AddArtifactsRequest.Batch, _Mapping]] = ..., begin_chunk: _Optional[_Union[AddArtifactsRequest.BeginChunkedArtifact, _Mapping]] = ..., chunk: _Optional[_Union[AddArtifactsRequest.ArtifactChunk, _Mapping]] = ...) -> None: ...

class AddArtifactsResponse(_message.Message):
    __slots__ = ("session_id", "server_side_session_id", "artifacts")
    class ArtifactSummary(_message.Message):
        __slots__ = ("name", "is_crc_successful")
        NAME_FIELD_NUMBER: _ClassVar[int]
        IS_CRC_SUCCESSFUL_FIELD_NUMBER: _ClassVar[int]
        name: str
        is_crc_successful: bool
        def __init__(self, name: _Optional[str] = ..., is_crc_successful: _Optional[bool] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    ARTIFACTS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_side_session_id: str
    artifacts: _containers.RepeatedCompositeFieldContainer[AddArtifactsResponse.ArtifactSummary]
    def __init__(self, session_id: _Optional[str] = ..., server_side_session_id: _Optional[str] = ..., artifacts: _Optional[_Iterable[_Union[AddArtifactsResponse.ArtifactSummary, _Mapping]]] = ...) -> None: ...

class ArtifactStatusesRequest(_message.Message):
    __slots__ = ("session_id", "client_observed_server_side_session_id", "user_context", "client_type", "names")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    client_observed_server_side_session_id: str
    user_context: UserContext
    client_type: str
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session_id: _Optional[str] = ..., client_observed_server_side_session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., client_type: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ...) -> None: ...

class ArtifactStatusesResponse(_message.Message):
    __slots__ = ("session_id", "server_side_session_id", "statuses")
    class StatusesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ArtifactStatusesResponse.ArtifactStatus
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ArtifactStatusesResponse.ArtifactStatus, _Mapping]] = ...) -> None: ...
    class ArtifactStatus(_message.Message):
        __slots__ = ("exists",)
        EXISTS_FIELD_NUMBER: _ClassVar[int]
        exists: bool
        def __init__(self, exists: _Optional[bool] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_side_session_id: str
    statuses: _containers.MessageMap[str, ArtifactStatusesResponse.ArtifactStatus]
    def __init__(self, session_id: _Optional[str] = ..., server_side_session_id: _Optional[str] = ..., statuses: _Optional[_Mapping[str, ArtifactStatusesResponse.ArtifactStatus]] = ...) -> None: ...

class InterruptRequest(_message.Message):
    __slots__ = ("session_id", "client_observed_server_side_session_id", "user_context", "client_type", "interrupt_type", "operation_tag", "operation_id")
    class InterruptType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        INTERRUPT_TYPE_UNSPECIFIED: _ClassVar[InterruptRequest.InterruptType]
        INTERRUPT_TYPE_ALL: _ClassVar[InterruptRequest.InterruptType]
        INTERRUPT_TYPE_TAG: _ClassVar[InterruptRequest.InterruptType]
        INTERRUPT_TYPE_OPERATION_ID: _ClassVar[InterruptRequest.InterruptType]
    INTERRUPT_TYPE_UNSPECIFIED: InterruptRequest.InterruptType
    INTERRUPT_TYPE_ALL: InterruptRequest.InterruptType
    INTERRUPT_TYPE_TAG: InterruptRequest.InterruptType
    INTERRUPT_TYPE_OPERATION_ID: InterruptRequest.InterruptType
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    INTERRUPT_TYPE_FIELD_NUMBER: _ClassVar[int]
    OPERATION_TAG_FIELD_NUMBER: _ClassVar[int]
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    client_observed_server_side_session_id: str
    user_context: UserContext
    client_type: str
    interrupt_type: InterruptRequest.InterruptType
    operation_tag: str
    operation_id: str
    def __init__(self, session_id: _Optional[str] = ..., client_observed_server_side_session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., client_type: _Optional[str] = ..., interrupt_type: _Optional[_Union[InterruptRequest.InterruptType, str]] = ..., operation_tag: _Optional[str] = ..., operation_id: _Optional[str] = ...) -> None: ...

class InterruptResponse(_message.Message):
    __slots__ = ("session_id", "server_side_session_id", "interrupted_ids")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    INTERRUPTED_IDS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_side_session_id: str
    interrupted_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session_id: _Optional[str] = ..., server_side_session_id: _Optional[str] = ..., interrupted_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ReattachOptions(_message.Message):
    __slots__ = ("reattachable",)
    REATTACHABLE_FIELD_NUMBER: _ClassVar[int]
    reattachable: bool
    def __init__(self, reattachable: _Optional[bool] = ...) -> None: ...

class ResultChunkingOptions(_message.Message):
    __slots__ = ("allow_arrow_batch_chunking", "preferred_arrow_chunk_size")
    ALLOW_ARROW_BATCH_CHUNKING_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_ARROW_CHUNK_SIZE_FIELD_NUMBER: _ClassVar[int]
    allow_arrow_batch_chunking: bool
    preferred_arrow_chunk_size: int
    def __init__(self, allow_arrow_batch_chunking: _Optional[bool] = ..., preferred_arrow_chunk_size: _Optional[int] = ...) -> None: ...

class ReattachExecuteRequest(_message.Message):
    __slots__ = ("session_id", "client_observed_server_side_session_id", "user_context", "operation_id", "client_type", "last_response_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    LAST_RESPONSE_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    client_observed_server_side_session_id: str
    user_context: UserContext
    operation_id: str
    client_type: str
    last_response_id: str
    def __init__(self, session_id: _Optional[str] = ..., client_observed_server_side_session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., operation_id: _Optional[str] = ..., client_type: _Optional[str] = ..., last_response_id: _Optional[str] = ...) -> None: ...

class ReleaseExecuteRequest(_message.Message):
    __slots__ = ("session_id", "client_observed_server_side_session_id", "user_context", "operation_id", "client_type", "release_all", "release_until")
    class ReleaseAll(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class ReleaseUntil(_message.Message):
        __slots__ = ("response_id",)
        RESPONSE_ID_FIELD_NUMBER: _ClassVar[int]
        response_id: str
        def __init__(self, response_id: _Optional[str] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ALL_FIELD_NUMBER: _ClassVar[int]
    RELEASE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    client_observed_server_side_session_id: str
    user_context: UserContext
    operation_id: str
    client_type: str
    release_all: ReleaseExecuteRequest.ReleaseAll
    release_until: ReleaseExecuteRequest.ReleaseUntil
    def __init__(self, session_id: _Optional[str] = ..., client_observed_server_side_session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., operation_id: _Optional[str] = ..., client_type: _Optional[str] = ..., release_all: _Optional[_Union[ReleaseExecuteRequest.ReleaseAll, _Mapping]] = ..., release_until: _Optional[_Union[ReleaseExecuteRequest.ReleaseUntil, _Mapping]] = ...) -> None: ...

class ReleaseExecuteResponse(_message.Message):
    __slots__ = ("session_id", "server_side_session_id", "operation_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_side_session_id: str
    operation_id: str
    def __init__(self, session_id: _Optional[str] = ..., server_side_session_id: _Optional[str] = ..., operation_id: _Optional[str] = ...) -> None: ...

class ReleaseSessionRequest(_message.Message):
    __slots__ = ("session_id", "user_context", "client_type", "allow_reconnect")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_RECONNECT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    user_context: UserContext
    client_type: str
    allow_reconnect: bool
    def __init__(self, session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., client_type: _Optional[str] = ..., allow_reconnect: _Optional[bool] = ...) -> None: ...

class ReleaseSessionResponse(_message.Message):
    __slots__ = ("session_id", "server_side_session_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_side_session_id: str
    def __init__(self, session_id: _Optional[str] = ..., server_side_session_id: _Optional[str] = ...) -> None: ...

class FetchErrorDetailsRequest(_message.Message):
    __slots__ = ("session_id", "client_observed_server_side_session_id", "user_context", "error_id", "client_type")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    ERROR_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    client_observed_server_side_session_id: str
    user_context: UserContext
    error_id: str
    client_type: str
    def __init__(self, session_id: _Optional[str] = ..., client_observed_server_side_session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., error_id: _Optional[str] = ..., client_type: _Optional[str] = ...) -> None: ...

class FetchErrorDetailsResponse(_message.Message):
    __slots__ = ("server_side_session_id", "session_id", "root_error_idx", "errors")
    class StackTraceElement(_message.Message):
        __slots__ = ("declaring_class", "method_name", "file_name", "line_number")
        DECLARING_CLASS_FIELD_NUMBER: _ClassVar[int]
        METHOD_NAME_FIELD_NUMBER: _ClassVar[int]
        FILE_NAME_FIELD_NUMBER: _ClassVar[int]
        LINE_NUMBER_FIELD_NUMBER: _ClassVar[int]
        declaring_class: str
        method_name: str
        file_name: str
        line_number: int
        def __init__(self, declaring_class: _Optional[str] = ..., method_name: _Optional[str] = ..., file_name: _Optional[str] = ..., line_number: _Optional[int] = ...) -> None: ...
    class QueryContext(_message.Message):
        __slots__ = ("context_type", "object_type", "object_name", "start_index", "stop_index", "fragment", "call_site", "summary")
        class ContextType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            SQL: _ClassVar[FetchErrorDetailsResponse.QueryContext.ContextType]
            DATAFRAME: _ClassVar[FetchErrorDetailsResponse.QueryContext.ContextType]
        SQL: FetchErrorDetailsResponse.QueryContext.ContextType
        DATAFRAME: FetchErrorDetailsResponse.QueryContext.ContextType
        CONTEXT_TYPE_FIELD_NUMBER: _ClassVar[int]
        OBJECT_TYPE_FIELD_NUMBER: _ClassVar[int]
        OBJECT_NAME_FIELD_NUMBER: _ClassVar[int]
        START_INDEX_FIELD_NUMBER: _ClassVar[int]
        STOP_INDEX_FIELD_NUMBER: _ClassVar[int]
        FRAGMENT_FIELD_NUMBER: _ClassVar[int]
        CALL_SITE_FIELD_NUMBER: _ClassVar[int]
        SUMMARY_FIELD_NUMBER: _ClassVar[int]
        context_type: FetchErrorDetailsResponse.QueryContext.ContextType
        object_type: str
        object_name: str
        start_index: int
        stop_index: int
        fragment: str
        call_site: str
        summary: str
        def __init__(self, context_type: _Optional[_Union[FetchErrorDetailsResponse.QueryContext.ContextType, str]] = ..., object_type: _Optional[str] = ..., object_name: _Optional[str] = ..., start_index: _Optional[int] = ..., stop_index: _Optional[int] = ..., fragment: _Optional[str] = ..., call_site: _Optional[str] = ..., summary: _Optional[str] = ...) -> None: ...
    class SparkThrowable(_message.Message):
        __slots__ = ("error_class", "message_parameters", "query_contexts", "sql_state", "breaking_change_info")
        class MessageParametersEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        ERROR_CLASS_FIELD_NUMBER: _ClassVar[int]
        MESSAGE_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
        QUERY_CONTEXTS_FIELD_NUMBER: _ClassVar[int]
        SQL_STATE_FIELD_NUMBER: _ClassVar[int]
        BREAKING_CHANGE_INFO_FIELD_NUMBER: _ClassVar[int]
        error_class: str
        message_parameters: _containers.ScalarMap[str, str]
        query_contexts: _containers.RepeatedCompositeFieldContainer[FetchErrorDetailsResponse.QueryContext]
        sql_state: str
        breaking_change_info: FetchErrorDetailsResponse.BreakingChangeInfo
        def __init__(self, error_class: _Optional[str] = ..., message_parameters: _Optional[_Mapping[str, str]] = ..., query_contexts: _Optional[_Iterable[_Union[FetchErrorDetailsResponse.QueryContext, _Mapping]]] = ..., sql_state: _Optional[str] = ..., breaking_change_info: _Optional[_Union[FetchErrorDetailsResponse.BreakingChangeInfo, _Mapping]] = ...) -> None: ...
    class BreakingChangeInfo(_message.Message):
        __slots__ = ("migration_message", "mitigation_config", "needs_audit")
        MIGRATION_MESSAGE_FIELD_NUMBER: _ClassVar[int]
        MITIGATION_CONFIG_FIELD_NUMBER: _ClassVar[int]
        NEEDS_AUDIT_FIELD_NUMBER: _ClassVar[int]
        migration_message: _containers.RepeatedScalarFieldContainer[str]
        mitigation_config: FetchErrorDetailsResponse.MitigationConfig
        needs_audit: bool
        def __init__(self, migration_message: _Optional[_Iterable[str]] = ..., mitigation_config: _Optional[_Union[FetchErrorDetailsResponse.MitigationConfig, _Mapping]] = ..., needs_audit: _Optional[bool] = ...) -> None: ...
    class MitigationConfig(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class Error(_message.Message):
        __slots__ = ("error_type_hierarchy", "message", "stack_trace", "cause_idx", "spark_throwable")
        ERROR_TYPE_HIERARCHY_FIELD_NUMBER: _ClassVar[int]
        MESSAGE_FIELD_NUMBER: _ClassVar[int]
        STACK_TRACE_FIELD_NUMBER: _ClassVar[int]
        CAUSE_IDX_FIELD_NUMBER: _ClassVar[int]
        SPARK_THROWABLE_FIELD_NUMBER: _ClassVar[int]
        error_type_hierarchy: _containers.RepeatedScalarFieldContainer[str]
        message: str
        stack_trace: _containers.RepeatedCompositeFieldContainer[FetchErrorDetailsResponse.StackTraceElement]
        cause_idx: int
        spark_throwable: FetchErrorDetailsResponse.SparkThrowable
        def __init__(self, error_type_hierarchy: _Optional[_Iterable[str]] = ..., message: _Optional[str] = ..., stack_trace: _Optional[_Iterable[_Union[FetchErrorDetailsResponse.StackTraceElement, _Mapping]]] = ..., cause_idx: _Optional[int] = ..., spark_throwable: _Optional[_Union[FetchErrorDetailsResponse.SparkThrowable, _Mapping]] = ...) -> None: ...
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    ROOT_ERROR_IDX_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    server_side_session_id: str
    session_id: str
    root_error_idx: int
    errors: _containers.RepeatedCompositeFieldContainer[FetchErrorDetailsResponse.Error]
    def __init__(self, server_side_session_id: _Optional[str] = ..., session_id: _Optional[str] = ..., root_error_idx: _Optional[int] = ..., errors: _Optional[_Iterable[_Union[FetchErrorDetailsResponse.Error, _Mapping]]] = ...) -> None: ...

class CheckpointCommandResult(_message.Message):
    __slots__ = ("relation",)
    RELATION_FIELD_NUMBER: _ClassVar[int]
    relation: _relations_pb2.CachedRemoteRelation
    def __init__(self, relation: _Optional[_Union[_relations_pb2.CachedRemoteRelation, _Mapping]] = ...) -> None: ...

class CloneSessionRequest(_message.Message):
    __slots__ = ("session_id", "client_observed_server_side_session_id", "user_context", "client_type", "new_session_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    NEW_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    client_observed_server_side_session_id: str
    user_context: UserContext
    client_type: str
    new_session_id: str
    def __init__(self, session_id: _Optional[str] = ..., client_observed_server_side_session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., client_type: _Optional[str] = ..., new_session_id: _Optional[str] = ...) -> None: ...

class CloneSessionResponse(_message.Message):
    __slots__ = ("session_id", "server_side_session_id", "new_session_id", "new_server_side_session_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NEW_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NEW_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_side_session_id: str
    new_session_id: str
    new_server_side_session_id: str
    def __init__(self, session_id: _Optional[str] = ..., server_side_session_id: _Optional[str] = ..., new_session_id: _Optional[str] = ..., new_server_side_session_id: _Optional[str] = ...) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ("session_id", "user_context", "client_type", "client_observed_server_side_session_id", "operation_status", "extensions")
    class OperationStatusRequest(_message.Message):
        __slots__ = ("operation_ids", "extensions")
        OPERATION_IDS_FIELD_NUMBER: _ClassVar[int]
        EXTENSIONS_FIELD_NUMBER: _ClassVar[int]
        operation_ids: _containers.RepeatedScalarFieldContainer[str]
        extensions: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
        def __init__(self, operation_ids: _Optional[_Iterable[str]] = ..., extensions: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    CLIENT_OBSERVED_SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATION_STATUS_FIELD_NUMBER: _ClassVar[int]
    EXTENSIONS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    user_context: UserContext
    client_type: str
    client_observed_server_side_session_id: str
    operation_status: GetStatusRequest.OperationStatusRequest
    extensions: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    def __init__(self, session_id: _Optional[str] = ..., user_context: _Optional[_Union[UserContext, _Mapping]] = ..., client_type: _Optional[str] = ..., client_observed_server_side_session_id: _Optional[str] = ..., operation_status: _Optional[_Union[GetStatusRequest.OperationStatusRequest, _Mapping]] = ..., extensions: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("session_id", "server_side_session_id", "operation_statuses", "extensions")
    class OperationStatus(_message.Message):
        __slots__ = ("operation_id", "state", "extensions")
        class OperationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            OPERATION_STATE_UNSPECIFIED: _ClassVar[GetStatusResponse.OperationStatus.OperationState]
            OPERATION_STATE_UNKNOWN: _ClassVar[GetStatusResponse.OperationStatus.OperationState]
            OPERATION_STATE_RUNNING: _ClassVar[GetStatusResponse.OperationStatus.OperationState]
            OPERATION_STATE_TERMINATING: _ClassVar[GetStatusResponse.OperationStatus.OperationState]
            OPERATION_STATE_SUCCEEDED: _ClassVar[GetStatusResponse.OperationStatus.OperationState]
            OPERATION_STATE_FAILED: _ClassVar[GetStatusResponse.OperationStatus.OperationState]
            OPERATION_STATE_CANCELLED: _ClassVar[GetStatusResponse.OperationStatus.OperationState]
        OPERATION_STATE_UNSPECIFIED: GetStatusResponse.OperationStatus.OperationState
        OPERATION_STATE_UNKNOWN: GetStatusResponse.OperationStatus.OperationState
        OPERATION_STATE_RUNNING: GetStatusResponse.OperationStatus.OperationState
        OPERATION_STATE_TERMINATING: GetStatusResponse.OperationStatus.OperationState
        OPERATION_STATE_SUCCEEDED: GetStatusResponse.OperationStatus.OperationState
        OPERATION_STATE_FAILED: GetStatusResponse.OperationStatus.OperationState
        OPERATION_STATE_CANCELLED: GetStatusResponse.OperationStatus.OperationState
        OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
        STATE_FIELD_NUMBER: _ClassVar[int]
        EXTENSIONS_FIELD_NUMBER: _ClassVar[int]
        operation_id: str
        state: GetStatusResponse.OperationStatus.OperationState
        extensions: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
        def __init__(self, operation_id: _Optional[str] = ..., state: _Optional[_Union[GetStatusResponse.OperationStatus.OperationState, str]] = ..., extensions: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_SIDE_SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATION_STATUSES_FIELD_NUMBER: _ClassVar[int]
    EXTENSIONS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    server_side_session_id: str
    operation_statuses: _containers.RepeatedCompositeFieldContainer[GetStatusResponse.OperationStatus]
    extensions: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    def __init__(self, session_id: _Optional[str] = ..., server_side_session_id: _Optional[str] = ..., operation_statuses: _Optional[_Iterable[_Union[GetStatusResponse.OperationStatus, _Mapping]]] = ..., extensions: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...
