package io.kadali.spark;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.SparkThrowable;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.TaskSchedulerImpl;
import org.apache.spark.scheduler.TaskSetManager;
import org.apache.spark.sql.connect.service.SparkListenerConnectOperationCanceled;
import org.apache.spark.sql.connect.service.SparkListenerConnectOperationClosed;
import org.apache.spark.sql.connect.service.SparkListenerConnectOperationFailed;
import scala.Option;

/**
 * Ends in a driver what nobody waits for any more. Named in {@code spark.extraListeners}.
 *
 * <ul>
 *   <li>An error of SQL, such as a division by zero, comes again however often its task is repeated: the stage fails at
 *       once. Whatever else makes a task fail, a lost executor or a broken connection, is repeated as
 *       {@code spark.task.maxFailures} says.
 *   <li>A query that is canceled while it goes from one stage to the next may still submit a job, which then belongs to
 *       nobody: jobs of operations of Connect that are over are canceled whenever they come.
 * </ul>
 */
public final class QueryWatch extends SparkListener {
  /** Classes of SQLSTATEs that tell of the data or of the statement. */
  private static final Set<String> LASTING = Set.of("0A", "21", "22", "23", "42", "54", "P0");

  private static final int CAUSES_MAX = 20;
  private static final int OVER_KEPT = 10_000;

  private final Set<String> over = Collections.newSetFromMap(new Recent());

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    if (end.reason() instanceof ExceptionFailure failure && lasts(failure.exception())) {
      TaskSchedulerImpl scheduler = (TaskSchedulerImpl) context().taskScheduler();
      Option<TaskSetManager> found = scheduler.taskSetManagerForAttempt(end.stageId(), end.stageAttemptId());
      if (found.isDefined() && !found.get().isZombie()) {
        String task = "Task " + end.taskInfo().index() + " in stage " + end.stageId() + "." + end.stageAttemptId();
        found.get().abort(task + " failed, most recent failure: " + failure.toErrorString(), failure.exception());
      }
    }
  }

  @Override
  public void onOtherEvent(SparkListenerEvent event) {
    if (event instanceof SparkListenerConnectOperationCanceled canceled) {
      end(canceled.jobTag());
    } else if (event instanceof SparkListenerConnectOperationFailed failed) {
      end(failed.jobTag());
    } else if (event instanceof SparkListenerConnectOperationClosed closed) {
      end(closed.jobTag());
    }
  }

  @Override
  public void onJobStart(SparkListenerJobStart start) {
    Properties properties = start.properties();
    String tags = properties == null ? null : properties.getProperty(SparkContext$.MODULE$.SPARK_JOB_TAGS());
    if (tags == null) {
      return;
    }
    for (String tag : tags.split(SparkContext$.MODULE$.SPARK_JOB_TAGS_SEP())) {
      if (over.contains(tag)) {
        context().cancelJob(start.jobId(), "its query is over");
      }
    }
  }

  /** Jobs there are go now; those submitted before this but not yet told are met by {@link #onJobStart}. */
  private void end(String tag) {
    if (over.add(tag)) {
      context().cancelJobsWithTag(tag);
    }
  }

  private static boolean lasts(Option<Throwable> thrown) {
    Throwable error = thrown.isDefined() ? thrown.get() : null;
    for (int depth = 0; error != null && depth < CAUSES_MAX; depth++, error = error.getCause()) {
      if (error instanceof PgError) {
        return true;
      }
      String state = error instanceof SparkThrowable known ? known.getSqlState() : null;
      if (state != null && state.length() == 5 && LASTING.contains(state.substring(0, 2))) {
        return true;
      }
    }
    return false;
  }

  private static SparkContext context() {
    return SparkContext.getOrCreate();
  }

  /** The newest tags. */
  private static final class Recent extends LinkedHashMap<String, Boolean> {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
      return size() > OVER_KEPT;
    }
  }
}
