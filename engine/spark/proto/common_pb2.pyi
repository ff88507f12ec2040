from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StorageLevel(_message.Message):
    __slots__ = ("use_disk", "use_memory", "use_off_heap", "deserialized", "replication")
    USE_DISK_FIELD_NUMBER: _ClassVar[int]
    USE_MEMORY_FIELD_NUMBER: _ClassVar[int]
    USE_OFF_HEAP_FIELD_NUMBER: _ClassVar[int]
    DESERIALIZED_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    use_disk: bool
    use_memory: bool
    use_off_heap: bool
    deserialized: bool
    replication: int
    def __init__(self, use_disk: _Optional[bool] = ..., use_memory: _Optional[bool] = ..., use_off_heap: _Optional[bool] = ..., deserialized: _Optional[bool] = ..., replication: _Optional[int] = ...) -> None: ...

class ResourceInformation(_message.Message):
    __slots__ = ("name", "addresses")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    name: str
    addresses: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., addresses: _Optional[_Iterable[str]] = ...) -> None: ...

class ExecutorResourceRequest(_message.Message):
    __slots__ = ("resource_name", "amount", "discovery_script", "vendor")
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    DISCOVERY_SCRIPT_FIELD_NUMBER: _ClassVar[int]
    VENDOR_FIELD_NUMBER: _ClassVar[int]
    resource_name: str
    amount: int
    discovery_script: str
    vendor: str
    def __init__(self, resource_name: _Optional[str] = ..., amount: _Optional[int] = ..., discovery_script: _Optional[str] = ..., vendor: _Optional[str] = ...) -> None: ...

class TaskResourceRequest(_message.Message):
    __slots__ = ("resource_name", "amount")
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    resource_name: str
    amount: float
    def __init__(self, resource_name: _Optional[str] = ..., amount: _Optional[float] = ...) -> None: ...

class ResourceProfile(_message.Message):
    __slots__ = ("executor_resources", "task_resources")
    class ExecutorResourcesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ExecutorResourceRequest
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ExecutorResourceRequest, _Mapping]] = ...) -> None: ...
    class TaskResourcesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: TaskResourceRequest
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[TaskResourceRequest, _Mapping]] = ...) -> None: ...
    EXECUTOR_RESOURCES_FIELD_NUMBER: _ClassVar[int]
    TASK_RESOURCES_FIELD_NUMBER: _ClassVar[int]
    executor_resources: _containers.MessageMap[str, ExecutorResourceRequest]
    task_resources: _containers.MessageMap[str, TaskResourceRequest]
    def __init__(self, executor_resources: _Optional[_Mapping[str, ExecutorResourceRequest]] = ..., task_resources: _Optional[_Mapping[str, TaskResourceRequest]] = ...) -> None: ...

class Origin(_message.Message):
    __slots__ = ("python_origin", "jvm_origin")
    PYTHON_ORIGIN_FIELD_NUMBER: _ClassVar[int]
    JVM_ORIGIN_FIELD_NUMBER: _ClassVar[int]
    python_origin: PythonOrigin
    jvm_origin: JvmOrigin
    def __init__(self, python_origin: _Optional[_Union[PythonOrigin, _Mapping]] = ..., jvm_origin: _Optional[_Union[JvmOrigin, _Mapping]] = ...) -> None: ...

class PythonOrigin(_message.Message):
    __slots__ = ("fragment", "call_site")
    FRAGMENT_FIELD_NUMBER: _ClassVar[int]
    CALL_SITE_FIELD_NUMBER: _ClassVar[int]
    fragment: str
    call_site: str
    def __init__(self, fragment: _Optional[str] = ..., call_site: _Optional[str] = ...) -> None: ...

class JvmOrigin(_message.Message):
    __slots__ = ("line", "start_position", "start_index", "stop_index", "sql_text", "object_type", "object_name", "stack_trace")
    LINE_FIELD_NUMBER: _ClassVar[int]
    START_POSITION_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    STOP_INDEX_FIELD_NUMBER: _ClassVar[int]
    SQL_TEXT_FIELD_NUMBER: _ClassVar[int]
    OBJECT_TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_NAME_FIELD_NUMBER: _ClassVar[int]
    STACK_TRACE_FIELD_NUMBER: _ClassVar[int]
    line: int
    start_position: int
    start_index: int
    stop_index: int
    sql_text: str
    object_type: str
    object_name: str
    stack_trace: _containers.RepeatedCompositeFieldContainer[StackTraceElement]
    def __init__(self, line: _Optional[int] = ..., start_position: _Optional[int] = ..., start_index: _Optional[int] = ..., stop_index: _Optional[int] = ..., sql_text: _Optional[str] = ..., object_type: _Optional[str] = ..., object_name: _Optional[str] = ..., stack_trace: _Optional[_Iterable[_Union[StackTraceElement, _Mapping]]] = ...) -> None: ...

class StackTraceElement(_message.Message):
    __slots__ = ("class_loader_name", "module_name", "module_version", "declaring_class", "method_name", "file_name", "line_number")
    CLASS_LOADER_NAME_FIELD_NUMBER: _ClassVar[int]
    MODULE_NAME_FIELD_NUMBER: _ClassVar[int]
    MODULE_VERSION_FIELD_NUMBER: _ClassVar[int]
    DECLARING_CLASS_FIELD_NUMBER: _ClassVar[int]
    METHOD_NAME_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    LINE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    class_loader_name: str
    module_name: str
    module_version: str
    declaring_class: str
    method_name: str
    file_name: str
    line_number: int
    def __init__(self, class_loader_name: _Optional[str] = ..., module_name: _Optional[str] = ..., module_version: _Optional[str] = ..., declaring_class: _Optional[str] = ..., method_name: _Optional[str] = ..., file_name: _Optional[str] = ..., line_number: _Optional[int] = ...) -> None: ...

class ResolvedIdentifier(_message.Message):
    __slots__ = ("catalog_name", "namespace", "table_name")
    CATALOG_NAME_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    catalog_name: str
    namespace: _containers.RepeatedScalarFieldContainer[str]
    table_name: str
    def __init__(self, catalog_name: _Optional[str] = ..., namespace: _Optional[_Iterable[str]] = ..., table_name: _Optional[str] = ...) -> None: ...

class Bools(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[bool]
    def __init__(self, values: _Optional[_Iterable[bool]] = ...) -> None: ...

class Ints(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, values: _Optional[_Iterable[int]] = ...) -> None: ...

class Longs(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, values: _Optional[_Iterable[int]] = ...) -> None: ...

class Floats(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class Doubles(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class Strings(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[_Iterable[str]] = ...) -> None: ...
