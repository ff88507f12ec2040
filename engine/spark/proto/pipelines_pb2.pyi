import datetime

from google.protobuf import any_pb2 as _any_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from engine.spark.proto import common_pb2 as _common_pb2
from engine.spark.proto import expressions_pb2 as _expressions_pb2
from engine.spark.proto import relations_pb2 as _relations_pb2
from engine.spark.proto import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OutputType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTPUT_TYPE_UNSPECIFIED: _ClassVar[OutputType]
    MATERIALIZED_VIEW: _ClassVar[OutputType]
    TABLE: _ClassVar[OutputType]
    TEMPORARY_VIEW: _ClassVar[OutputType]
    SINK: _ClassVar[OutputType]
OUTPUT_TYPE_UNSPECIFIED: OutputType
MATERIALIZED_VIEW: OutputType
TABLE: OutputType
TEMPORARY_VIEW: OutputType
SINK: OutputType

class PipelineCommand(_message.Message):
    __slots__ = ("create_dataflow_graph", "define_output", "define_flow", "drop_dataflow_graph", "start_run", "define_sql_graph_elements", "get_query_function_execution_signal_stream", "define_flow_query_function_result", "execute_output_flows", "extension")
    class CreateDataflowGraph(_message.Message):
        __slots__ = ("default_catalog", "default_database", "sql_conf")
        class SqlConfEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        DEFAULT_CATALOG_FIELD_NUMBER: _ClassVar[int]
        DEFAULT_DATABASE_FIELD_NUMBER: _ClassVar[int]
        SQL_CONF_FIELD_NUMBER: _ClassVar[int]
        default_catalog: str
        default_database: str
        sql_conf: _containers.ScalarMap[str, str]
        def __init__(self, default_catalog: _Optional[str] = ..., default_database: _Optional[str] = ..., sql_conf: _Optional[_Mapping[str, str]] = ...) -> None: ...
    class DropDataflowGraph(_message.Message):
        __slots__ = ("dataflow_graph_id",)
        DATAFLOW_GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
        dataflow_graph_id: str
        def __init__(self, dataflow_graph_id: _Optional[str] = ...) -> None: ...
    class DefineOutput(_message.Message):
        __slots__ = ("dataflow_graph_id", "output_name", "output_type", "comment", "source_code_location", "table_details", "sink_details", "extension")
        class TableDetails(_message.Message):
            __slots__ = ("table_properties", "partition_cols", "format", "schema_data_type", "schema_string", "clustering_columns")
            class TablePropertiesEntry(_message.Message):
                __slots__ = ("key", "value")
                KEY_FIELD_NUMBER: _ClassVar[int]
                VALUE_FIELD_NUMBER: _ClassVar[int]
                key: str
                value: str
                def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
            TABLE_PROPERTIES_FIELD_NUMBER: _ClassVar[int]
            PARTITION_COLS_FIELD_NUMBER: _ClassVar[int]
            FORMAT_FIELD_NUMBER: _ClassVar[int]
            SCHEMA_DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
            SCHEMA_STRING_FIELD_NUMBER: _ClassVar[int]
            CLUSTERING_COLUMNS_FIELD_NUMBER: _ClassVar[int]
            table_properties: _containers.ScalarMap[str, str]
            partition_cols: _containers.RepeatedScalarFieldContainer[str]
            format: str
            schema_data_type: _types_pb2.DataType
            schema_string: str
            clustering_columns: _containers.RepeatedScalarFieldContainer[str]
            def __init__(self, table_properties: _Optional[_Mapping[str, str]] = ..., partition_cols: _Optional[_Iterable[str]] = ..., format: _Optional[str] = ..., schema_data_type: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., schema_string: _Optional[str] = ..., clustering_columns: _Optional[_Iterable[str]] = ...) -> None: ...
        class SinkDetails(_message.Message):
            __slots__ = ("options", "format")
            class OptionsEntry(_message.Message):
                __slots__ = ("key", "value")
                KEY_FIELD_NUMBER: _ClassVar[int]
                VALUE_FIELD_NUMBER: _ClassVar[int]
                key: str
                value: str
                def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
            OPTIONS_FIELD_NUMBER: _ClassVar[int]
            FORMAT_FIELD_NUMBER: _ClassVar[int]
            options: _containers.ScalarMap[str, str]
            format: str
            def __init__(self, options: _Optional[_Mapping[str, str]] = ..., format: _Optional[str] = ...) -> None: ...
        DATAFLOW_GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
        OUTPUT_NAME_FIELD_NUMBER: _ClassVar[int]
        OUTPUT_TYPE_FIELD_NUMBER: _ClassVar[int]
        COMMENT_FIELD_NUMBER: _ClassVar[int]
        SOURCE_CODE_LOCATION_FIELD_NUMBER: _ClassVar[int]
        TABLE_DETAILS_FIELD_NUMBER: _ClassVar[int]
        SINK_DETAILS_FIELD_NUMBER: _ClassVar[int]
        EXTENSION_FIELD_NUMBER: _ClassVar[int]
        dataflow_graph_id: str
        output_name: str
        output_type: OutputType
        comment: str
        source_code_location: SourceCodeLocation
        table_details: PipelineCommand.DefineOutput.TableDetails
        sink_details: PipelineCommand.DefineOutput.SinkDetails
        extension: _any_pb2.Any
        def __init__(self, dataflow_graph_id: _Optional[str] = ..., output_name: _Optional[str] = ..., output_type: _Optional[_Union[OutputType, str]] = ..., comment: _Optional[str] = ..., source_code_location: _Optional[_Union[SourceCodeLocation, _Mapping]] = ..., table_details: _Optional[_Union[PipelineCommand.DefineOutput.TableDetails, _Mapping]] = ..., sink_details: _Optional[_Union[PipelineCommand.DefineOutput.SinkDetails, _Mapping]] = ..., extension: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...
    class DefineFlow(_message.Message):
        __slots__ = ("dataflow_graph_id", "flow_name", "target_dataset_name", "sql_conf", "client_id", "source_code_location", "relation_flow_details", "auto_cdc_flow_details", "extension", "once")
        class SCDType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            SCD_TYPE_UNSPECIFIED: _ClassVar[PipelineCommand.DefineFlow.SCDType]
            SCD_TYPE_1: _ClassVar[PipelineCommand.DefineFlow.SCDType]
        SCD_TYPE_UNSPECIFIED: PipelineCommand.DefineFlow.SCDType
        SCD_TYPE_1: PipelineCommand.DefineFlow.SCDType
        class SqlConfEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        class WriteRelationFlowDetails(_message.Message):
            __slots__ = ("relation",)
            RELATION_FIELD_NUMBER: _ClassVar[int]
            relation: _relations_pb2.Relation
            def __init__(self, relation: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ...) -> None: ...
        class AutoCdcFlowDetails(_message.Message):
            __slots__ = ("source", "keys", "sequence_by", "apply_as_deletes", "apply_as_truncates", "column_list", "except_column_list", "stored_as_scd_type", "ignore_null_updates_column_list", "ignore_null_updates_except_column_list")
            SOURCE_FIELD_NUMBER: _ClassVar[int]
            KEYS_FIELD_NUMBER: _ClassVar[int]
            SEQUENCE_BY_FIELD_NUMBER: _ClassVar[int]
            APPLY_AS_DELETES_FIELD_NUMBER: _ClassVar[int]
            APPLY_AS_TRUNCATES_FIELD_NUMBER: _ClassVar[int]
            COLUMN_LIST_FIELD_NUMBER: _ClassVar[int]
            EXCEPT_COLUMN_LIST_FIELD_NUMBER: _ClassVar[int]
            STORED_AS_SCD_TYPE_FIELD_NUMBER: _ClassVar[int]
            IGNORE_NULL_UPDATES_COLUMN_LIST_FIELD_NUMBER: _ClassVar[int]
            IGNORE_NULL_UPDATES_EXCEPT_COLUMN_LIST_FIELD_NUMBER: _ClassVar[int]
            source: str
            keys: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
            sequence_by: _expressions_pb2.Expression
            apply_as_deletes: _expressions_pb2.Expression
            apply_as_truncates: _expressions_pb2.Expression
            column_list: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
            except_column_list: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
            stored_as_scd_type: PipelineCommand.DefineFlow.SCDType
            ignore_null_updates_column_list: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
            ignore_null_updates_except_column_list: _containers.RepeatedCompositeFieldContainer[_expressions_pb2.Expression]
            def __init__(self, source: _Optional[str] = ..., keys: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., sequence_by: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., apply_as_deletes: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., apply_as_truncates: _Optional[_Union[_expressions_pb2.Expression, _Mapping]] = ..., column_list: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., except_column_list: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., stored_as_scd_type: _Optional[_Union[PipelineCommand.DefineFlow.SCDType, str]] = ..., ignore_null_updates_column_list: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ..., ignore_null_updates_except_column_list: _Optional[_Iterable[_Union[_expressions_pb2.Expression, _Mapping]]] = ...) -> None: ...
        class Response(_message.Message):
            __slots__ = ("flow_name",)
            FLOW_NAME_FIELD_NUMBER: _ClassVar[int]
            flow_name: str
            def __init__(self, flow_name: _Optional[str] = ...) -> None: ...
        DATAFLOW_GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
        FLOW_NAME_FIELD_NUMBER: _ClassVar[int]
        TARGET_DATASET_NAME_FIELD_NUMBER: _ClassVar[int]
        SQL_CONF_FIELD_NUMBER: _ClassVar[int]
        CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
        SOURCE_CODE_LOCATION_FIELD_NUMBER: _ClassVar[int]
        RELATION_FLOW_DETAILS_FIELD_NUMBER: _ClassVar[int]
        AUTO_CDC_FLOW_DETAILS_FIELD_NUMBER: _ClassVar[int]
        EXTENSION_FIELD_NUMBER: _ClassVar[int]
        ONCE_FIELD_NUMBER: _ClassVar[int]
        dataflow_graph_id: str
        flow_name: str
        target_dataset_name: str
        sql_conf: _containers.ScalarMap[str, str]
        client_id: str
        source_code_location: SourceCodeLocation
        relation_flow_details: PipelineCommand.DefineFlow.WriteRelationFlowDetails
        auto_cdc_flow_details: PipelineCommand.DefineFlow.AutoCdcFlowDetails
        extension: _any_pb2.Any
        once: bool
        def __init__(self, dataflow_graph_id: _Optional[str] = ..., flow_name: _Optional[str] = ..., target_dataset_name: _Optional[str] = ..., sql_conf: _Optional[_Mapping[str, str]] = ..., client_id: _Optional[str] = ..., source_code_location: _Optional[_Union[SourceCodeLocation, _Mapping]] = ..., relation_flow_details: _Optional[_Union[PipelineCommand.DefineFlow.WriteRelationFlowDetails, _Mapping]] = ..., auto_cdc_flow_details: _Optional[_Union[PipelineCommand.DefineFlow.AutoCdcFlowDetails, _Mapping]] = ..., extension: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., once: _Optional[bool] = ...) -> None: ...
    class ExecuteOutputFlows(_message.Message):
        __slots__ = ("define_output", "define_flows", "full_refresh", "storage", "extension")
        DEFINE_OUTPUT_FIELD_NUMBER: _ClassVar[int]
        DEFINE_FLOWS_FIELD_NUMBER: _ClassVar[int]
        FULL_REFRESH_FIELD_NUMBER: _ClassVar[int]
        STORAGE_FIELD_NUMBER: _ClassVar[int]
        EXTENSION_FIELD_NUMBER: _ClassVar[int]
        define_output: PipelineCommand.DefineOutput
        define_flows: _containers.RepeatedCompositeFieldContainer[PipelineCommand.DefineFlow]
        full_refresh: bool
        storage: str
        extension: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
        def __init__(self, define_output: _Optional[_Union[PipelineCommand.DefineOutput, _Mapping]] = ..., define_flows: _Optional[_Iterable[_Union[PipelineCommand.DefineFlow, _Mapping]]] = ..., full_refresh: _Optional[bool] = ..., storage: _Optional[str] = ..., extension: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...
    class StartRun(_message.Message):
        __slots__ = ("dataflow_graph_id", "full_refresh_selection", "full_refresh_all", "refresh_selection", "dry", "storage")
        DATAFLOW_GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
        FULL_REFRESH_SELECTION_FIELD_NUMBER: _ClassVar[int]
        FULL_REFRESH_ALL_FIELD_NUMBER: _ClassVar[int]
        REFRESH_SELECTION_FIELD_NUMBER: _ClassVar[int]
        DRY_FIELD_NUMBER: _ClassVar[int]
        STORAGE_FIELD_NUMBER: _ClassVar[int]
        dataflow_graph_id: str
        full_refresh_selection: _containers.RepeatedScalarFieldContainer[str]
        full_refresh_all: bool
        refresh_selection: _containers.RepeatedScalarFieldContainer[str]
        dry: bool
        storage: str
        def __init__(self, dataflow_graph_id: _Optional[str] = ..., full_refresh_selection: _Optional[_Iterable[str]] = ..., full_refresh_all: _Optional[bool] = ..., refresh_selection: _Optional[_Iterable[str]] = ..., dry: _Optional[bool] = ..., storage: _Optional[str] = ...) -> None: ...
    class DefineSqlGraphElements(_message.Message):
        __slots__ = ("dataflow_graph_id", "sql_file_path", "sql_text")
        DATAFLOW_GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
        SQL_FILE_PATH_FIELD_NUMBER: _ClassVar[int]
        SQL_TEXT_FIELD_NUMBER: _ClassVar[int]
        dataflow_graph_id: str
        sql_file_path: str
        sql_text: str
        def __init__(self, dataflow_graph_id: _Optional[str] = ..., sql_file_path: _Optional[str] = ..., sql_text: _Optional[str] = ...) -> None: ...
    class GetQueryFunctionExecutionSignalStream(_message.Message):
        __slots__ = ("dataflow_graph_id", "client_id")
        DATAFLOW_GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
        CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
        dataflow_graph_id: str
        client_id: str
        def __init__(self, dataflow_graph_id: _Optional[str] = ..., client_id: _Optional[str] = ...) -> None: ...
    class DefineFlowQueryFunctionResult(_message.Message):
        __slots__ = ("flow_name", "flow_identifier", "dataflow_graph_id", "relation")
        FLOW_NAME_FIELD_NUMBER: _ClassVar[int]
        FLOW_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
        DATAFLOW_GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
        RELATION_FIELD_NUMBER: _ClassVar[int]
        flow_name: str
        flow_identifier: _common_pb2.ResolvedIdentifier
        dataflow_graph_id: str
        relation: _relations_pb2.Relation
        def __init__(self, flow_name: _Optional[str] = ..., flow_identifier: _Optional[_Union[_common_pb2.ResolvedIdentifier, _Mapping]] = ..., dataflow_graph_id: _Optional[str] = ..., relation: _Optional[_Union[_relations_pb2.Relation, _Mapping]] = ...) -> None: ...
    CREATE_DATAFLOW_GRAPH_FIELD_NUMBER: _ClassVar[int]
    DEFINE_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    DEFINE_FLOW_FIELD_NUMBER: _ClassVar[int]
    DROP_DATAFLOW_GRAPH_FIELD_NUMBER: _ClassVar[int]
    START_RUN_FIELD_NUMBER: _ClassVar[int]
    DEFINE_SQL_GRAPH_ELEMENTS_FIELD_NUMBER: _ClassVar[int]
    GET_QUERY_FUNCTION_EXECUTION_SIGNAL_STREAM_FIELD_NUMBER: _ClassVar[int]
    DEFINE_FLOW_QUERY_FUNCTION_RESULT_FIELD_NUMBER: _ClassVar[int]
    EXECUTE_OUTPUT_FLOWS_FIELD_NUMBER: _ClassVar[int]
    EXTENSION_FIELD_NUMBER: _ClassVar[int]
    create_dataflow_graph: PipelineCommand.CreateDataflowGraph
    define_output: PipelineCommand.DefineOutput
    define_flow: PipelineCommand.DefineFlow
    drop_dataflow_graph: PipelineCommand.DropDataflowGraph
    start_run: PipelineCommand.StartRun
    define_sql_graph_elements: PipelineCommand.DefineSqlGraphElements
    get_query_function_execution_signal_stream: PipelineCommand.GetQueryFunctionExecutionSignalStream
    define_flow_query_function_result: PipelineCommand.DefineFlowQueryFunctionResult
    execute_output_flows: PipelineCommand.ExecuteOutputFlows
    extension: _any_pb2.Any
    def __init__(self, create_dataflow_graph: _Optional[_Union[PipelineCommand.CreateDataflowGraph, _Mapping]] = ..., define_output: _Optional[_Union[PipelineCommand.DefineOutput, _Mapping]] = ..., define_flow: _Optional[_Union[PipelineCommand.DefineFlow, _Mapping]] = ..., drop_dataflow_graph: _Optional[_Union[PipelineCommand.DropDataflowGraph, _Mapping]] = ..., start_run: _Optional[_Union[PipelineCommand.StartRun, _Mapping]] = ..., define_sql_graph_elements: _Optional[_Union[PipelineCommand.DefineSqlGraphElements, _Mapping]] = ..., get_query_function_execution_signal_stream: _Optional[_Union[PipelineCommand.GetQueryFunctionExecutionSignalStream, _Mapping]] = ..., define_flow_query_function_result: _Optional[_Union[PipelineCommand.DefineFlowQueryFunctionResult, _Mapping]] = ..., execute_output_flows: _Optional[_Union[PipelineCommand.ExecuteOutputFlows, _Mapping]] = ..., extension: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...

class PipelineCommandResult(_message.Message):
    __slots__ = ("create_dataflow_graph_result", "define_output_result", "define_flow_result")
    class CreateDataflowGraphResult(_message.Message):
        __slots__ = ("dataflow_graph_id",)
        DATAFLOW_GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
        dataflow_graph_id: str
        def __init__(self, dataflow_graph_id: _Optional[str] = ...) -> None: ...
    class DefineOutputResult(_message.Message):
        __slots__ = ("resolved_identifier",)
        RESOLVED_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
        resolved_identifier: _common_pb2.ResolvedIdentifier
        def __init__(self, resolved_identifier: _Optional[_Union[_common_pb2.ResolvedIdentifier, _Mapping]] = ...) -> None: ...
    class DefineFlowResult(_message.Message):
        __slots__ = ("resolved_identifier",)
        RESOLVED_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
        resolved_identifier: _common_pb2.ResolvedIdentifier
        def __init__(self, resolved_identifier: _Optional[_Union[_common_pb2.ResolvedIdentifier, _Mapping]] = ...) -> None: ...
    CREATE_DATAFLOW_GRAPH_RESULT_FIELD_NUMBER: _ClassVar[int]
    DEFINE_OUTPUT_RESULT_FIELD_NUMBER: _ClassVar[int]
    DEFINE_FLOW_RESULT_FIELD_NUMBER: _ClassVar[int]
    create_dataflow_graph_result: PipelineCommandResult.CreateDataflowGraphResult
    define_output_result: PipelineCommandResult.DefineOutputResult
    define_flow_result: PipelineCommandResult.DefineFlowResult
    def __init__(self, create_dataflow_graph_result: _Optional[_Union[PipelineCommandResult.CreateDataflowGraphResult, _Mapping]] = ..., define_output_result: _Optional[_Union[PipelineCommandResult.DefineOutputResult, _Mapping]] = ..., define_flow_result: _Optional[_Union[PipelineCommandResult.DefineFlowResult, _Mapping]] = ...) -> None: ...

class PipelineEventResult(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: PipelineEvent
    def __init__(self, event: _Optional[_Union[PipelineEvent, _Mapping]] = ...) -> None: ...

class PipelineEvent(_message.Message):
    __slots__ = ("timestamp", "message")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    timestamp: _timestamp_pb2.Timestamp
    message: str
    def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., message: _Optional[str] = ...) -> None: ...

class SourceCodeLocation(_message.Message):
    __slots__ = ("file_name", "line_number", "definition_path", "extension")
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    LINE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_PATH_FIELD_NUMBER: _ClassVar[int]
    EXTENSION_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    line_number: int
    definition_path: str
    extension: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    def __init__(self, file_name: _Optional[str] = ..., line_number: _Optional[int] = ..., definition_path: _Optional[str] = ..., extension: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...

class PipelineQueryFunctionExecutionSignal(_message.Message):
    __slots__ = ("flow_names", "flow_identifiers")
    FLOW_NAMES_FIELD_NUMBER: _ClassVar[int]
    FLOW_IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    flow_names: _containers.RepeatedScalarFieldContainer[str]
    flow_identifiers: _containers.RepeatedCompositeFieldContainer[_common_pb2.ResolvedIdentifier]
    def __init__(self, flow_names: _Optional[_Iterable[str]] = ..., flow_identifiers: _Optional[_Iterable[_Union[_common_pb2.ResolvedIdentifier, _Mapping]]] = ...) -> None: ...

class PipelineAnalysisContext(_message.Message):
    __slots__ = ("dataflow_graph_id", "definition_path", "flow_name", "flow_identifier", "extension")
    DATAFLOW_GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_PATH_FIELD_NUMBER: _ClassVar[int]
    FLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    FLOW_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    EXTENSION_FIELD_NUMBER: _ClassVar[int]
    dataflow_graph_id: str
    definition_path: str
    flow_name: str
    flow_identifier: _common_pb2.ResolvedIdentifier
    extension: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    def __init__(self, dataflow_graph_id: _Optional[str] = ..., definition_path: _Optional[str] = ..., flow_name: _Optional[str] = ..., flow_identifier: _Optional[_Union[_common_pb2.ResolvedIdentifier, _Mapping]] = ..., extension: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...
